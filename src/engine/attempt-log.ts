import { ActorError } from '../actors/actor.js';
import type { EvidenceDir, EvidenceLog } from '../evidence/evidence-dir.js';
import { keptLogName } from '../evidence/layout.js';
import type { AttemptLog, AttemptRecord } from '../store/store.js';
import type { Session } from './session.js';

/** The logs of one attempt. */
export class AttemptLogs {
  readonly #open: EvidenceLog[] = [];

  constructor(
    private readonly session: Session,
    private readonly attempt: AttemptRecord,
    private readonly evidence: EvidenceDir,
  ) {}

  /**
   * Opens a log. A log of that name that an earlier attempt left is first kept under that attempt's number; then the name is
   * recorded; then the file is made: whenever we are killed in between, no line of an earlier attempt is lost.
   */
  async open(name: string, { append = false }: { readonly append?: boolean } = {}): Promise<EvidenceLog> {
    if (!append && (await this.evidence.exists(name))) await this.#keepEarlier(name);
    await this.session.recordLog(this.attempt, name);
    const log = await this.evidence.openLog(name, { append });
    this.#open.push(log);
    return log;
  }

  /** Closes what is still open and gives the digests, for the record. */
  async close(): Promise<AttemptLog[]> {
    return Promise.all(this.#open.map(async (log) => ({ file: log.file, ...(await log.close()) })));
  }

  async #keepEarlier(name: string): Promise<void> {
    const earlier = (await this.session.attempts()).filter(
      ({ logFile, attemptId }) => logFile === name && attemptId !== this.attempt.attemptId,
    );
    const kept = keptLogName(name, earlier, this.attempt.step);
    if (await this.evidence.exists(kept)) {
      throw new ActorError(
        'EVIDENCE_CONFLICT',
        `${name} was to be kept as ${kept}, but a file of that name is there already. Nothing was overwritten. Move one of the two aside, then replay the step.`,
      );
    }
    await this.evidence.rename(name, kept);
  }
}
