import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { RUN_VARIABLES } from '../../src/config/settings.js';
import { Pilot } from '../e2e/pilot.js';
import { shape } from '../e2e/shape.js';
import { documents, prose, readParts, type Command } from './markdown.js';
import { SCENES } from './scenes.js';
import { runInShell, type CommandResult } from './shell.js';

/** Of npm's own; the others are scripts of package.json. None is run here: some of them run this test. */
const NPM_COMMANDS = ['ci', 'link'];
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };

describe.each(documents().map((file) => ({ file, parts: readParts(file) })))('$file', ({ file, parts }) => {
  const blocks = parts.flatMap((part) => ('block' in part ? [part.block] : []));
  const commands = blocks.filter(({ language }) => language === 'console').flatMap((block) => block.commands);
  const isRun = (command: Command) => !command.text.startsWith('npm ');

  test('shows commands in console blocks only, so that none escapes this test', () => {
    const escaped = blocks.filter(
      ({ language, text, commands: prompts }) => language !== 'console' && (/\bcutover /.test(text) || prompts.length > 0),
    );
    expect(escaped.map(({ line }) => `${file}:${line}`)).toEqual([]);
    const idle = blocks.filter((block) => block.language === 'console' && !block.text.startsWith('$ '));
    expect(idle.map(({ line }) => `${file}:${line}`)).toEqual([]);
  });

  test('shows aws commands in blocks of their own, says that they are not run, and names only files that there are', () => {
    const aws = blocks.filter(({ language }) => language === 'aws').flatMap(({ text }) => text.split('\n'));
    expect(aws.filter((line) => !/^aws (?:s3api|iam) [a-z-]+ --/.test(line))).toEqual([]);
    const shown = commands.map(({ text }) => text).join('\n');
    const files = aws.flatMap((line) => /file:\/\/(\S+)/.exec(line)?.[1] ?? []);
    expect(files.filter((name) => !existsSync(name) && !shown.includes(`> ${name}`))).toEqual([]);
    if (aws.length > 0) expect(prose(file)).toMatch(/not run by a test/);
  });

  test('exports only variables that are read', () => {
    const shell = blocks.filter(({ language }) => language === 'sh').map(({ text }) => text);
    const lines = shell.flatMap((text) => text.split('\n')).filter((line) => line !== '' && !line.startsWith('#'));
    const names = lines.map((line) => /^export ([A-Z0-9_]+)=/.exec(line)?.[1] ?? line);
    const known = (name: string) => (RUN_VARIABLES as readonly string[]).includes(name) || /^AWS_[A-Z0-9_]+$/.test(name);
    expect(names.filter((name) => !known(name))).toEqual([]);
  });

  test('names npm commands that there are', () => {
    const words = commands.filter((command) => !isRun(command)).map(({ text }) => text.split(/\s+/).slice(1));
    const isKnown = ([first = '', second = '']: string[]) =>
      NPM_COMMANDS.includes(first) || scripts[first === 'run' ? second : first] !== undefined;
    expect(words.filter((command) => !isKnown(command))).toEqual([]);
  });

  if (!commands.some(isRun)) return;

  describe('its commands', () => {
    let pilot: Pilot;
    const results = new Map<Command, CommandResult>();
    const transcript = new Set<Command>();

    beforeAll(async () => {
      pilot = await Pilot.create({ warm: true });
      let inTranscript = false;
      for (const part of parts) {
        if ('comment' in part) {
          const scene = /^scene: (.*)$/.exec(part.comment)?.[1];
          if (scene !== undefined) await (SCENES[scene] ?? unknownScene(`${file}:${part.line}`, scene))(pilot);
          if (part.comment.endsWith('transcript')) inTranscript = !part.comment.startsWith('/');
          continue;
        }
        const block = part.block.commands.filter(isRun);
        if (part.block.language !== 'console' || block.length === 0) continue;
        const ran = await runInShell(pilot, block);
        block.forEach((command, index) => results.set(command, ran[index] as CommandResult));
        if (inTranscript) block.forEach((command) => transcript.add(command));
      }
    }, 180_000);
    afterAll(() => pilot?.dispose());

    test('end with the exit codes that it says', () => {
      const found = [...results].map(([{ line, text, exitCode }, result]) => ({
        at: `${file}:${line}: ${text}`,
        exitCode: result.exitCode,
        ...(result.exitCode === exitCode ? {} : { output: result.output }),
      }));
      expect(found).toEqual(
        commands.filter(isRun).map(({ line, text, exitCode }) => ({ at: `${file}:${line}: ${text}`, exitCode })),
      );
    });

    test('print what it shows of them: an excerpt, and in a transcript all of it', () => {
      for (const [command, { output }] of results) {
        const at = `${file}:${command.line}: ${command.text}\n`;
        // Out of date? npm run docs
        if (transcript.has(command)) expect(at + shape(command.shown).trimEnd()).toBe(at + shape(output).trimEnd());
        else expect(at + missing(command.shown, output)).toBe(at);
      }
    });
  });
});

function unknownScene(at: string, scene: string): never {
  throw new Error(`${at}: there is no scene ${JSON.stringify(scene)}. There are: ${Object.keys(SCENES).join('; ')}`);
}

/** Lines of the excerpt that the output lacks, in their order; with the output, when there are any. `...` stands for lines left out. */
function missing(excerpt: string, output: string): string {
  // How wide a column is depends on what else is in it.
  const narrow = (text: string) => shape(text).trimEnd().replaceAll(/ {2,}/g, '  ');
  let rest = narrow(output);
  const lines = narrow(excerpt).split('\n');
  const lacking = lines.filter((line) => {
    if (line.trim() === '' || line === '...') return false;
    const at = rest.indexOf(line);
    if (at < 0) return true;
    rest = rest.slice(at + line.length);
    return false;
  });
  return lacking.length === 0 ? '' : `${lacking.join('\n')}\nis missing in:\n${output}`;
}
