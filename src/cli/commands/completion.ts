import { oneOf, type CommandFile } from '../command.js';
import { completionScript, SHELLS, type CompletedCommand } from '../completion-script.js';
import { EXIT } from '../exit-codes.js';

export interface CompletionOptions {
  readonly shell: (typeof SHELLS)[number];
}

/** A completion script, made of commander's own tree: it knows every command and option there is. */
export const completion: CommandFile<CompletionOptions> = {
  define: (command) => void command.argument('<shell>', SHELLS.join(', ')),
  examples: [
    'source <(cutover completion bash)',
    'cutover completion zsh > ~/.zfunc/_cutover',
    'cutover completion fish > ~/.config/fish/completions/cutover.fish',
  ],
  parse: ([shell = '']) => ({ shell: oneOf(shell, SHELLS, 'The shell') }),
  async run({ shell, json }, io) {
    const { buildProgram } = await import('../program.js');
    const program = await buildProgram(
      io,
      () => true,
      () => {},
    );
    const commands: CompletedCommand[] = program.commands.map((command) => ({
      name: command.name(),
      summary: command.summary(),
      takesRun: command.registeredArguments.some((argument) => argument.name() === 'run'),
      options: command.options.flatMap(({ long, description }) => (long ? [{ long, description }] : [])),
    }));
    io.stdout.write(json ? `${JSON.stringify({ shell, commands })}\n` : completionScript(shell, commands));
    return EXIT.ok;
  },
};
