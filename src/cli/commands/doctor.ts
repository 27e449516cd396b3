import type { CommandFile } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { healthChecks } from '../health-checks.js';
import { oneLine, table } from '../table.js';

/** Everything that a run will need later and that can be looked at now, without changing anything. */
export const doctor: CommandFile<object> = {
  define: () => {},
  examples: ['cutover doctor', 'cutover doctor --db /backup/cutover.db', 'cutover doctor --json'],
  parse: () => ({}),
  async run(options, io) {
    const findings = await healthChecks(options, io);
    const ok = findings.every((finding) => finding.ok);
    if (options.json) io.stdout.write(`${JSON.stringify({ ok, findings })}\n`);
    else {
      const { palette } = options;
      const rows = findings.map(({ ok, what, found }) => [ok ? palette.green('ok') : palette.red('FAULT'), what, oneLine(found)]);
      io.stdout.write(`${table([['RESULT', 'WHAT', 'FOUND'], ...rows]).join('\n')}\n`);
    }
    return ok ? EXIT.ok : EXIT.failed;
  },
};
