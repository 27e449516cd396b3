/**
 * Preloaded into the CLI (NODE_OPTIONS=--import): kills the process with SIGKILL as if the power went, at a place that the
 * environment names: KILL_STEP, the step whose attempt must be running, and KILL_AFTER, how many further transactions are let
 * through from then on (0: the moment the attempt is on record as started).
 */
import Database from 'better-sqlite3';

const { transaction } = Database.prototype;
let left = Number(process.env.KILL_AFTER);

Database.prototype.transaction = function (work) {
  const original = transaction.call(this, work);
  const immediate = (...args) => {
    const result = original.immediate(...args);
    if (isRunning(this, process.env.KILL_STEP) && left-- <= 0) process.kill(process.pid, 'SIGKILL');
    return result;
  };
  return Object.assign((...args) => original(...args), { immediate, deferred: original.deferred, exclusive: original.exclusive });
};

function isRunning(db, step) {
  return db.prepare("SELECT count(*) AS n FROM attempts WHERE status = 'running' AND step = ?").get(step).n > 0;
}
