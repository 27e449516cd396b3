import { oneOf, type CommandFile } from '../command.js';
import { completionScript, SHELLS, type CompletedCommand } from '../completion-script.js';
import { EXIT } from '../exit-codes.js';

export interface CompletionOptions {
  readonly shell: (typeof SHELLS)[number];
  readonly commands: readonly CompletedCommand[];
}

/** A completion script, made of commander's own tree: it knows every command and option there is. */
export const completion: CommandFile<CompletionOptions> = {
  define: (command) => void command.argument('<shell>', SHELLS.join(', ')),
  examples: [
    'source <(cutover completion bash)',
    'cutover completion zsh > ~/.zfunc/_cutover',
    'cutover completion fish > ~/.config/fish/completions/cutover.fish',
  ],
  parse: ([shell = ''], _raw, _io, command) => ({
    shell: oneOf(shell, SHELLS, 'The shell'),
    commands: (command.parent?.commands ?? []).map((each) => ({
      name: each.name(),
      summary: each.summary(),
      takesRun: each.registeredArguments.some((argument) => argument.name() === 'run'),
      options: each.options.flatMap(({ long, description }) => (long ? [{ long, description }] : [])),
    })),
  }),
  run({ shell, commands, json }, io) {
    io.stdout.write(json ? `${JSON.stringify({ shell, commands })}\n` : completionScript(shell, commands));
    return Promise.resolve(EXIT.ok);
  },
};
