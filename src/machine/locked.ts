import { EVIDENCE } from '../evidence/layout.js';
import type { PilotContext } from './context.js';
import { archiveKey } from './step-inputs.js';

/** An object beside the archive may be locked: its upload is on record before its first part is sent. What is frozen stays so. */
export function besideMayBeLocked(context: PilotContext): boolean {
  return begun(context).some((key) => key !== archiveKey(context));
}

/** The summary, which is locked last, may be: whoever reads the bucket alone finds a run that has come to its verdict. */
export function summaryMayBeLocked(context: PilotContext): boolean {
  return begun(context).some((key) => key.endsWith(`/${EVIDENCE.summary}`));
}

/** How many decisions are in the history alone: they came when the summary was frozen for good. */
export function decidedTooLate(context: PilotContext): number {
  const { summary, exceptions } = context;
  return summary === null || !besideMayBeLocked(context) ? 0 : exceptions.length - summary.document.exceptions.length;
}

function begun({ seal }: PilotContext): string[] {
  return Object.keys(seal?.uploads ?? {});
}
