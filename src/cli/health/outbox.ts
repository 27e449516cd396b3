import { configuredChannels, judgeReceiver } from '../../config/channels.js';
import type { MessageRecord } from '../../store/outbox.js';
import { age } from '../../engine/run-look.js';
import type { Io, Workspace } from '../io.js';
import { fault, good, type HealthFinding } from './finding.js';

/** A timer that calls `cutover notify` every few minutes has done by then what was due. */
const LATE_MS = 15 * 60_000;

/** Whether people hear of what happens: what was not delivered, and whether a timer looks after what is due. */
export async function outboxChecks({ store }: Workspace, { now }: Pick<Io, 'now'>): Promise<HealthFinding[]> {
  const late = new Date(now().getTime() - LATE_MS).toISOString();
  const overdue = await store.dueDeadlines(late);
  return [
    ...(await store.messages({ states: ['given-up'] })).map(givenUp),
    ...outstanding(
      (await store.messages({ states: ['pending'] })).filter(({ nextAt }) => nextAt <= late),
      now(),
    ),
    ...overdue.map(({ runId, kind, dueAt }) =>
      fault('timer', `${kind} of run ${runId} was due at ${dueAt} and nobody looked after it: let a timer call cutover notify`),
    ),
  ];
}

/** What was given up, for the card of a run and for the doctor. */
export function givenUpText({ kind, channel, lastError }: MessageRecord): string {
  return `"${kind}" to ${channel} was given up (${lastError ?? 'unknown'}): mend the receiver, then: cutover notify --again`;
}

/** Where this environment's channels lead. */
export function receiverChecks(env: NodeJS.ProcessEnv): HealthFinding[] {
  return configuredChannels(env).map((channel) => {
    const judged = judgeReceiver(channel, env);
    if ('fault' in judged) return fault('messages', `${judged.fault}. ${judged.advice}`);
    return good('messages', `${channel} leads to ${judged.value.url.host}`);
  });
}

function givenUp(message: MessageRecord): HealthFinding {
  return fault('messages', `run ${message.runId}: ${givenUpText(message)}`);
}

function outstanding(late: readonly MessageRecord[], now: Date): HealthFinding[] {
  const [oldest] = late;
  if (oldest === undefined) return [];
  const since = age(oldest.createdAt, now);
  return [
    fault('messages', `${late.length} not delivered although due, the oldest for ${since}: let a timer call cutover notify`),
  ];
}
