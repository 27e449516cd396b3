import { configuredChannels } from '../../config/channels.js';
import type { EngineNotice } from '../../engine/engine.js';
import type { Io, Workspace, WorkspaceOptions } from '../io.js';
import type { CommonOptions } from '../command.js';
import { withWorkspace } from '../with-run.js';
import type { DeliveryReport } from './deliver.js';

/** Milliseconds that a command may take longer for its messages: what is not delivered by then is left to `cutover notify`. */
const LAST_ROUND_MS = 15_000;

/**
 * As `withWorkspace`, for a command that drives or decides: what its transitions announce is delivered beside it, and once more when
 * it is done. A receiver that does not answer neither delays a step nor fails the command: it is told on stderr.
 */
export async function withCourier<T>(
  options: CommonOptions,
  how: Omit<WorkspaceOptions, 'db'>,
  io: Io,
  work: (workspace: Workspace) => Promise<T>,
): Promise<T> {
  let courier: Courier | null = null;
  const notify = (notice: EngineNotice) => {
    how.notify(notice);
    if (notice.type === 'transition') courier?.go();
  };
  return withWorkspace(options, { ...how, notify }, io, async (workspace) => {
    if (configuredChannels(io.env).length > 0) courier = new Courier(workspace, io);
    try {
      return await work(workspace);
    } finally {
      await courier?.finish();
    }
  });
}

/** One round of deliveries at a time. */
class Courier {
  readonly #told = new Set<string>();
  readonly #end = new AbortController();
  #round: Promise<void> | null = null;
  #isAskedAgain = false;

  constructor(
    private readonly workspace: Workspace,
    private readonly io: Io,
  ) {}

  /** Begins a round unless one is under way, after which there will be another one. */
  go(): void {
    this.#isAskedAgain = this.#round !== null;
    this.#round ??= this.#deliver().finally(() => {
      this.#round = null;
      if (this.#isAskedAgain && !this.#end.signal.aborted) this.go();
    });
  }

  /** The last round, within bounds; then all that went wrong is told. */
  async finish(): Promise<void> {
    const timer = setTimeout(() => this.#end.abort(new Error('no time is left')), LAST_ROUND_MS);
    this.go();
    while (this.#round !== null) await this.#round;
    clearTimeout(timer);
    for (const line of this.#told) this.io.stderr.write(`${line}\n`);
  }

  async #deliver(): Promise<void> {
    const signal = AbortSignal.any([this.io.signal, this.#end.signal]);
    if (signal.aborted) return;
    try {
      const { deliverDue } = await import('./deliver.js');
      for (const line of troubles(await deliverDue(this.workspace.store, this.io, signal))) this.#told.add(line);
    } catch (error) {
      // What people are told has no say in how a run ends; it stays in the outbox.
      this.#told.add(`Messages were not delivered (${(error as Error).message}). They are kept: cutover notify`);
      this.workspace.logError(error, null);
    }
  }
}

/** What a person is to know of a round. */
export function troubles({ undelivered, faults }: DeliveryReport): string[] {
  return [
    ...faults,
    ...undelivered.map(({ message: { runId, kind, channel }, state, error }) =>
      state === 'pending'
        ? `Not delivered: "${kind}" of run ${runId} to ${channel}: ${error}. It is kept and tried again: cutover notify`
        : `Given up: "${kind}" of run ${runId} to ${channel}: ${error}. Mend the receiver, then: cutover notify --again`,
    ),
  ];
}
