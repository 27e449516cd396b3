/**
 * Preloaded into the command line (NODE_OPTIONS=--import): names every place where a power cut could fall between two things that
 * last, and at one of them kills the process with SIGKILL. Nothing of it is in the product.
 *
 * CRASH_LOG   file to which the name of each place is appended as it is passed
 * CRASH_AT    the name of the place at which to die
 *
 * A place is named `<step>: <what> <before|after|end> <number>`: the step whose attempt is running, and how often these words were
 * passed in it; names do not depend on what runs beside them. Places: each commit of the database (`commit`, with the table it is about), each
 * rename and fsync of a file (by its name), each start and end of a child process (by its command), each request and its
 * answer (by method). A heartbeat is no place: it comes by the clock.
 */
import childProcess from 'node:child_process';
import diagnostics from 'node:diagnostics_channel';
import fs, { appendFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';
import Database from 'better-sqlite3';

const { CRASH_LOG: log, CRASH_AT: at } = process.env;
const passed = new Map();
let step = 'at rest';

function place(what) {
  const words = `${step}: ${what}`;
  const number = (passed.get(words) ?? 0) + 1;
  passed.set(words, number);
  const name = `${words} ${number}`;
  if (log) appendFileSync(log, `${name}\n`);
  if (name === at) process.kill(process.pid, 'SIGKILL');
}

/** The file's name; each run has a directory of its own. */
const nameOf = (path) => basename(String(path)).replace(/^\d{8}T\d{6}Z$/, 'run-directory');

commits();
files();
await handles();
children();
requests();

function commits() {
  const { transaction, prepare } = Database.prototype;
  const written = new WeakMap();
  Database.prototype.prepare = function (sql) {
    const statement = prepare.call(this, sql);
    const table = /^\s*(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM)\s+(\w+)/i.exec(sql)?.[1];
    if (table === undefined) return statement;
    const { run } = statement;
    statement.run = (...args) => {
      if (!/^UPDATE leases SET counter/.test(sql)) written.get(this)?.add(table);
      return run.apply(statement, args);
    };
    return statement;
  };
  Database.prototype.transaction = function (work) {
    const original = transaction.call(this, (...args) => {
      const result = work(...args);
      // Still inside: what was written is not committed.
      const tables = [...(written.get(this) ?? [])].join('+');
      if (tables !== '') place(`commit ${tables} before`);
      return result;
    });
    const immediate = (...args) => {
      written.set(this, new Set());
      const result = original.immediate(...args);
      const tables = [...written.get(this)].join('+');
      written.delete(this);
      if (tables.includes('attempts')) step = stepOn(this);
      if (tables !== '') place(`commit ${tables} after`);
      return result;
    };
    return Object.assign((...args) => original(...args), {
      immediate,
      deferred: original.deferred,
      exclusive: original.exclusive,
    });
  };
}

function stepOn(database) {
  return database.prepare("SELECT step FROM attempts WHERE status = 'running'").pluck().get() ?? 'at rest';
}

function files() {
  const { rename, open } = fs.promises;
  fs.promises.rename = async (from, to) => {
    place(`rename ${nameOf(to)} before`);
    await rename(from, to);
    place(`rename ${nameOf(to)} after`);
  };
  const { fsyncSync } = fs;
  fs.fsyncSync = (descriptor) => {
    place('fsync before');
    fsyncSync(descriptor);
    place('fsync after');
  };
  fs.promises.open = async (path, ...rest) => Object.assign(await open(path, ...rest), { crashName: nameOf(path) });
  syncBuiltinESMExports();
}

async function handles() {
  const handle = await fs.promises.open('/dev/null');
  const prototype = Object.getPrototypeOf(handle);
  await handle.close();
  for (const method of ['sync', 'datasync']) {
    const original = prototype[method];
    prototype[method] = async function () {
      place(`fsync ${this.crashName} before`);
      await original.call(this);
      place(`fsync ${this.crashName} after`);
    };
  }
}

function children() {
  const { spawn } = childProcess.ChildProcess.prototype;
  childProcess.ChildProcess.prototype.spawn = function (options) {
    const words = options.args.map((word) => basename(word)).filter((word) => word !== '');
    const command = words.slice(5, 8).join(' ').replace(/\s+/g, ' ');
    place(`child ${command} before`);
    const result = spawn.call(this, options);
    place(`child ${command} after`);
    this.once('exit', () => place(`child ${command} end`));
    return result;
  };
}

function requests() {
  diagnostics.subscribe('http.client.request.start', ({ request }) => place(`request ${request.method} before`));
  diagnostics.subscribe('http.client.response.finish', ({ request }) => place(`request ${request.method} after`));
}
