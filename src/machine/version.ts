/** Written with every transition; a snapshot of another version is refused. */
export const PILOT_VERSION = '5';
