import type { Announced } from '../../engine/definition.js';
import type { PilotContext } from '../../machine/context.js';
import type { Countersignature } from '../../machine/signatures.js';
import type { NewMessage } from '../../store/outbox.js';
import type { RunStatus } from '../../store/store.js';
import { dayAndTime } from '../clock-format.js';
import { nextCommands, type NextCommand } from '../next-commands.js';
import { changeTicketOf, contextOf, missingText } from '../run-facts.js';
import { firstLine, oneLine } from '../table.js';

/** What people are told, as every channel gets it; stable names. */
export interface Message {
  readonly version: 1;
  readonly kind: string;
  readonly run: string;
  /** The transition that it tells of, and when that was made. */
  readonly seq: number;
  readonly at: string;
  /** What happened, in a sentence. */
  readonly text: string;
  readonly state: string;
  readonly status: RunStatus;
  /** When the human gate expires; null where it does not, or is not waited for. */
  readonly expires_at: string | null;
  /** Null where none was given. */
  readonly change_ticket: string | null;
  readonly evidence_dir: string;
  /** What is asked of whom, as commands. */
  readonly next: readonly NextCommand[];
}

/** What a transition announces, to each of the run's channels; nothing for most. Pure. */
export function announcements(told: Announced, status: RunStatus): NewMessage[] {
  const context = contextOf(told);
  const news = newsOf(told, status, context);
  if (news === null) return [];
  return toChannels(context, messageOf({ ...told, ...news, state: told.to, status }, context));
}

/** That a run still waits: what is told when a reminder is due. */
export function reminder(
  { runId, state, status }: { readonly runId: string; readonly state: string; readonly status: RunStatus },
  context: PilotContext,
  { kind, at }: { readonly kind: string; readonly at: string },
): NewMessage[] {
  const seq = context.pause?.enteredSeq ?? 0;
  const since = context.pause === null ? '' : ` since ${instant(context.pause.enteredAt)}`;
  const text = `Run ${runId} still waits for ${awaited(context)},${since}.${expiryOf(context)}`;
  return toChannels(context, messageOf({ runId, seq, at, kind, text, state, status }, context));
}

interface News {
  readonly kind: string;
  readonly text: string;
}

function newsOf({ runId, seq, event, from, to, who }: Announced, status: RunStatus, context: PilotContext): News | null {
  const { failure, signOff, signOffWithdrawn, exceptions, summary } = context;
  if (context.pause?.enteredSeq === seq) {
    const why = signOffWithdrawn === null ? '' : ` The sign-off was withdrawn: ${signOffWithdrawn}.`;
    return { kind: 'waiting', text: `Run ${runId} waits for the DB restore verification.${why}${expiryOf(context)}` };
  }
  switch (event.type) {
    case 'SIGNED_OFF':
      return {
        kind: 'signed-off',
        text: `Run ${runId} was signed off by ${signOff?.signer} (${signOff?.level}).${stillMissing(context)}`,
      };
    case 'COUNTERSIGNED': {
      const { role, signer, level } = event['countersignature'] as Countersignature;
      return {
        kind: 'countersigned',
        text: `Run ${runId} was signed as ${role} by ${signer} (${level}).${stillMissing(context)}`,
      };
    }
    case 'VERIFICATION_REJECTED':
      return { kind: 'rejected', text: `Run ${runId}: ${failure?.message}` };
    case 'EXPIRED':
      return { kind: 'expired', text: `Run ${runId}: ${failure?.message}` };
  }
  // What is only noted in a state changes nothing for those who are told.
  if (from === to) return null;
  const why = `${failure?.step ?? to}: ${failure?.code ?? 'unknown'}: ${firstLine(failure?.message ?? '')}`;
  const verdict = summary?.document.verdict ?? 'none';
  if (to === 'sealedAsFailed') {
    return { kind: 'sealed-as-failed', text: `Run ${runId} is sealed as one that did not pass. VERDICT: ${verdict}` };
  }
  switch (status) {
    case 'failed':
      return { kind: 'failed', text: `Run ${runId} failed at ${why}` };
    case 'completed':
      return { kind: 'completed', text: `Run ${runId} is completed. VERDICT: ${verdict}` };
    case 'abandoned': {
      const { by, reason } = exceptions.findLast(({ what }) => what.startsWith('abandoned')) ?? { by: who.user, reason: '' };
      return { kind: 'abandoned', text: `Run ${runId} was abandoned by ${by}: ${reason}` };
    }
    case 'active':
    case 'waiting':
    case 'superseded':
      return null;
  }
}

/** What a waiting run waits for. */
function awaited(context: PilotContext): string {
  return context.signOff === null ? 'the DB restore verification' : `signatures: ${missingText(context)}`;
}

function stillMissing(context: PilotContext): string {
  const missing = missingText(context);
  return missing === '' ? '' : ` Still missing: ${missing}.`;
}

function expiryOf({ pause }: PilotContext): string {
  return pause === null || pause.expiresAt === null ? '' : ` The gate expires at ${instant(pause.expiresAt)}.`;
}

function messageOf(
  {
    runId,
    seq,
    at,
    kind,
    text,
    state,
    status,
  }: News & Pick<Announced, 'runId' | 'seq' | 'at'> & Pick<Message, 'state' | 'status'>,
  context: PilotContext,
): Message {
  const { evidenceDir } = context;
  return {
    version: 1,
    kind,
    run: runId,
    seq,
    at,
    text: oneLine(text),
    state,
    status,
    expires_at: context.pause?.expiresAt ?? null,
    change_ticket: changeTicketOf(context),
    evidence_dir: evidenceDir,
    // Reading the history is asked of nobody.
    next: nextCommands({ runId, status, state, driven: false, isExpired: false, evidenceDir }, context).filter(
      ({ role }) => role !== 'auditor',
    ),
  };
}

function toChannels({ request }: PilotContext, payload: Message): NewMessage[] {
  return request.channels.map((channel) => ({ kind: payload.kind, channel, payload }));
}

function instant(at: string): string {
  return `${dayAndTime(at)} UTC`;
}
