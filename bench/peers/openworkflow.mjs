import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { OpenWorkflow } from 'openworkflow';
import { BackendSqlite } from 'openworkflow/sqlite';

/**
 * Milliseconds of each of `argv[2]` runs of a workflow with ten steps that do nothing, one after the other, by one worker. The runs
 * are queued before the worker starts, so that its polling for new ones costs nothing. Prints them as JSON.
 */
const runs = Number(process.argv[2]);
const directory = mkdtempSync(join(tmpdir(), 'cutover-bench-openworkflow-'));
const backend = BackendSqlite.connect(join(directory, 'openworkflow.db'));
try {
  const client = new OpenWorkflow({ backend });
  const ends = [];
  const ten = client.defineWorkflow({ name: 'ten' }, async ({ step }) => {
    for (let number = 0; number < 10; number += 1) await step.run({ name: `step${number}` }, async () => number);
    ends.push(performance.now());
  });
  for (let run = -10; run < runs; run += 1) await ten.run({});
  const worker = client.newWorker({ concurrency: 1 });
  await worker.start();
  while (ends.length < runs + 10) await delay(20);
  await worker.stop();
  const times = ends.slice(10).map((end, index) => end - ends[index + 9]);
  console.log(JSON.stringify(times));
} finally {
  await backend.stop();
  rmSync(directory, { recursive: true });
}
