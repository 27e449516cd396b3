import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from './pilot.js';

const exec = promisify(execFile);
const SOCKET = 'cutover-test';
/** As a plain terminal: no status line, a size that no window decides, and a shell that reads no profile. */
const SETTINGS = `set -g default-terminal screen
set -g status off
set -g default-size 100x40
set -g default-shell /bin/sh
set -g default-command sh
`;

/** A person's terminal, 100 columns by 40 lines, in a tmux server of its own. */
export class TmuxTerminal {
  private constructor(
    private readonly env: NodeJS.ProcessEnv,
    private readonly server: number,
  ) {}

  /** Opens it with a shell in `cwd`. `directory` takes the socket and the settings. */
  static async open(directory: string, cwd: string, env: NodeJS.ProcessEnv): Promise<TmuxTerminal> {
    const settings = join(directory, 'tmux.conf');
    await writeFile(settings, SETTINGS);
    const all = { ...env, TMUX_TMPDIR: directory, TERM: 'screen', LC_ALL: 'C.UTF-8', PS1: '$ ' };
    const start = ['-L', SOCKET, '-f', settings, 'new-session', '-d', '-x', '100', '-y', '40', '-c', cwd];
    await exec('tmux', start, { env: all });
    const { stdout } = await exec('tmux', ['-L', SOCKET, 'display-message', '-p', '#{pid}'], { env: all });
    const terminal = new TmuxTerminal(all, Number(stdout));
    await terminal.endsWith('$');
    return terminal;
  }

  /** Types a line. */
  async type(text: string): Promise<void> {
    if (text !== '') await this.#tmux('send-keys', '-l', text);
    await this.press('Enter');
  }

  /** A key by tmux's name for it, e.g. `C-c`. */
  async press(key: string): Promise<void> {
    await this.#tmux('send-keys', key);
  }

  /** Takes away what the screen shows; for a shell that waits. */
  async clear(): Promise<void> {
    await this.type('clear');
    await until('the screen is clear', async () => (await this.screen()).trim() === '$');
  }

  /** The screen once it ends with this text. Fails with what it shows when that does not come. */
  async endsWith(text: string): Promise<string> {
    let seen = '';
    await until(`the terminal shows ${JSON.stringify(text)}`, async () => {
      seen = await this.screen();
      return seen.trimEnd().endsWith(text);
    }).catch((error: unknown) => {
      throw new Error(`${(error as Error).message}; it shows:\n${seen}`, { cause: error });
    });
    return seen;
  }

  /** Lines that the terminal itself has wrapped are one line. */
  async screen(): Promise<string> {
    return this.#tmux('capture-pane', '-p', '-J');
  }

  close(): void {
    process.kill(this.server);
  }

  async #tmux(...args: string[]): Promise<string> {
    return (await exec('tmux', ['-L', SOCKET, ...args], { env: this.env })).stdout;
  }
}
