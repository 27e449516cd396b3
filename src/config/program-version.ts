/** The version of this program, as in package.json: named in the scope of every run. */
export const PROGRAM_VERSION = '0.1.0';
