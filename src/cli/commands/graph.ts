import { flag, oneOf, text, type CommandFile } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { dotText, mermaidText } from '../graph-text.js';
import { EVERYWHERE, machineGraph } from '../machine-graph.js';
import { resolveRun } from '../resolve-run.js';
import { reading } from '../with-run.js';

export interface GraphOptions {
  readonly format: 'mermaid' | 'svg' | 'dot';
  /** The run whose state is highlighted. */
  readonly run: string | null;
  readonly all: boolean;
}

/** The machine, drawn by walking its own definition: it cannot be out of date. */
export const graph: CommandFile<GraphOptions> = {
  define(command) {
    command
      .option('--format <format>', 'mermaid, svg or dot (default: mermaid)')
      .option('--run <run>', 'highlight the state of this run')
      .option('--all', `draw ${EVERYWHERE.join(' and ')} too, which lead away from nearly every state`);
  },
  examples: ['cutover graph', 'cutover graph --format svg --run latest > run.svg', 'cutover graph --json'],
  parse: (_args, raw) => ({
    format: oneOf(text(raw, 'format') ?? 'mermaid', ['mermaid', 'svg', 'dot'], '--format'),
    run: text(raw, 'run') ?? null,
    all: flag(raw, 'all'),
  }),
  async run(options, io) {
    const { pilotMachine } = await import('../../machine/pilot-machine.js');
    const drawn = machineGraph(pilotMachine, { all: options.all });
    const current = options.run === null ? null : await stateOf(options.run);
    if (options.json) io.stdout.write(`${JSON.stringify({ ...drawn, current })}\n`);
    else if (options.format === 'mermaid') io.stdout.write(mermaidText(drawn, current));
    else if (options.format === 'dot') io.stdout.write(dotText(drawn, current));
    else {
      const { Graphviz } = await import('@hpcc-js/wasm-graphviz');
      const graphviz = await Graphviz.load();
      io.stdout.write(`${graphviz.dot(dotText(drawn, current), 'svg')}\n`);
    }
    return EXIT.ok;

    function stateOf(named: string): Promise<string> {
      return reading(
        options,
        'graph',
        io,
        async (workspace) => (await workspace.engine.inspect(await resolveRun(workspace, named))).run.state,
      );
    }
  },
};
