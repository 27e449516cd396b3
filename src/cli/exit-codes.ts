/** How a command ends, for scripts. Source: the runbook (0, 1, 2), sysexits.h (64, 75), and the shell's 128 + signal. */
export const EXIT = {
  /** PASS, or what was asked for is done. */
  ok: 0,
  failed: 1,
  /** The normal pause: a human has to verify the database restore. */
  waiting: 2,
  usage: 64,
  /** Another driver holds the run or the environment, another verifier the human gate: try again later. */
  held: 75,
} as const;

/** 128 + the signal's number, as a shell reports it. */
export const SIGNAL_EXIT = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** 128 + SIGPIPE, as of any program whose reader goes away: never 0, which would be the run's PASS. */
export const READER_GONE_EXIT = 141;
