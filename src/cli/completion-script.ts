export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  /** Run ids are completed, asked of `cutover list -o name`. */
  readonly takesRun: boolean;
  readonly options: readonly { readonly long: string; readonly description: string }[];
}

export function completionScript(shell: (typeof SHELLS)[number], commands: readonly CompletedCommand[]): string {
  switch (shell) {
    case 'bash':
      return bash(commands);
    case 'zsh':
      return `#compdef cutover\nautoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`;
    case 'fish':
      return fish(commands);
  }
}

const RUNS = '$(cutover list -o name 2>/dev/null) latest';

function bash(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(({ name, takesRun, options }) => {
    const words = [...options.map(({ long }) => long), '--help'].join(' ');
    return `    ${name}) words="${words}"; ${takesRun ? 'runs=1' : 'runs='} ;;`;
  });
  return `_cutover() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words="" runs=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')} --help --version" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  if [ -n "$runs" ] && [ "$COMP_CWORD" -eq 2 ] && [ "\${current#-}" = "$current" ]; then
    COMPREPLY=($(compgen -W "${RUNS}" -- "$current"))
  else
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  fi
}
complete -o default -F _cutover cutover
`;
}

function fish(commands: readonly CompletedCommand[]): string {
  const lines = ['complete -c cutover -f'];
  for (const { name, summary, takesRun, options } of commands) {
    lines.push(`complete -c cutover -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`);
    const seen = `-n '__fish_seen_subcommand_from ${name}'`;
    if (takesRun) lines.push(`complete -c cutover ${seen} -a '(cutover list -o name 2>/dev/null) latest'`);
    for (const { long, description } of options)
      lines.push(`complete -c cutover ${seen} -l ${long.slice(2)} -d ${quoted(description)}`);
  }
  return `${lines.join('\n')}\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
