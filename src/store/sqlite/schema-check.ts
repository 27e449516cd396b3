import { type Database, loadDriver } from './driver.js';
import { migrate } from './migrations.js';

/**
 * How the file's tables, indexes and triggers differ from those that the migrations make: without its triggers the history is not
 * append-only any more. An empty list when all are there, word for word.
 */
export async function schemaFaults(db: Database, file: string): Promise<string[]> {
  const expected = await expectedSchema(file);
  const actual = readSchema(db);
  const faults: string[] = [];
  for (const [name, sql] of expected) {
    const found = actual.get(name);
    if (found === undefined) faults.push(`the schema: ${name} is missing`);
    else if (found !== sql) faults.push(`the schema: ${name} was changed`);
  }
  for (const name of actual.keys()) if (!expected.has(name)) faults.push(`the schema: ${name} is not ours`);
  return faults;
}

/** From a fresh database in memory. */
async function expectedSchema(file: string): Promise<Map<string, string>> {
  const driver = await loadDriver(file);
  const fresh = new driver(':memory:');
  try {
    migrate(fresh, file);
    return readSchema(fresh);
  } finally {
    fresh.close();
  }
}

/** By type and name; what SQLite makes for itself (sqlite_...) is left out. */
function readSchema(db: Database): Map<string, string> {
  const rows = db
    .prepare<[], { name: string; sql: string }>(
      `SELECT type || ' ' || name AS name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!'`,
    )
    .all();
  return new Map(rows.map(({ name, sql }) => [name, sql]));
}
