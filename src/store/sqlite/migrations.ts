import { StoreUnavailableError } from '../errors.js';
import type { Database } from './driver.js';
import { SCHEMA_1, SCHEMA_2, SCHEMA_3 } from './schema.js';

/** Number n brings the schema from version n-1 to n. Never edit one that was released: add the next. */
export const MIGRATIONS: readonly string[] = [SCHEMA_1, SCHEMA_2, SCHEMA_3];

/** "cutv": in the file's header, tells our databases from everyone else's (https://www.sqlite.org/pragma.html#pragma_application_id). */
const APPLICATION_ID = 0x63757476;

/**
 * Brings the schema to the newest version: all that is missing in one transaction, or nothing.
 * Processes that start at once wait for each other and look again once they have the lock.
 * Throws `StoreUnavailableError` for a newer schema or another program's file.
 */
export function migrate(db: Database, file: string, migrations: readonly string[] = MIGRATIONS): void {
  if (schemaVersion(db, file, migrations.length) === migrations.length) return;
  db.transaction(() => {
    const version = schemaVersion(db, file, migrations.length);
    for (const migration of migrations.slice(version)) db.exec(migration);
    db.pragma(`application_id = ${APPLICATION_ID}`);
    db.pragma(`user_version = ${migrations.length}`);
  }).immediate();
}

/** The file's schema version, 0 for an empty file. Throws `StoreUnavailableError` for a newer schema or another program's file. */
export function schemaVersion(db: Database, file: string, newest = MIGRATIONS.length): number {
  // One transaction: another process may be migrating between two questions.
  const { version, application, objects } = db.transaction(() => ({
    version: db.pragma('user_version', { simple: true }) as number,
    application: db.pragma('application_id', { simple: true }) as number,
    objects: db.prepare<[], number>('SELECT count(*) FROM sqlite_schema').pluck().get(),
  }))();
  if (application === 0 && version === 0 && objects === 0) return 0;
  if (application !== APPLICATION_ID) {
    throw new StoreUnavailableError(file, `${file} is a database of another program. Name the right file with --db.`);
  }
  if (version > newest) {
    throw new StoreUnavailableError(
      file,
      `The database ${file} was written by a newer cutover (schema ${version}, this one knows ${newest}). Use that version of cutover.`,
    );
  }
  return version;
}

/** For those who look for a run that is there. Throws `StoreUnavailableError` for a database without a schema. */
export function requireSchema(db: Database, file: string): void {
  if (schemaVersion(db, file) === 0) throw new StoreUnavailableError(file, emptyDatabase(file));
}

function emptyDatabase(file: string): string {
  return `The database ${file} is empty: start a run first, pass --db, or put the last good "cutover backup" there.`;
}

/** For readers, which may not migrate. Throws `StoreUnavailableError` when the schema is older than `newest`. */
export function requireNewestSchema(db: Database, file: string, newest = MIGRATIONS.length): void {
  const version = schemaVersion(db, file, newest);
  if (version === newest) return;
  throw new StoreUnavailableError(
    file,
    version === 0
      ? emptyDatabase(file)
      : `The database ${file} has schema ${version}, this cutover reads schema ${newest}. ` +
          'Bring it up to date with a command that writes, e.g. cutover resume.',
  );
}
