import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Pilot } from './pilot.js';
import { shape } from './shape.js';
import { TmuxTerminal } from './tmux-terminal.js';

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
const VERIFIER = 'verifier@example.com';

let pilot: Pilot;
let terminal: TmuxTerminal;
const screens: Record<string, string> = {};

beforeAll(async () => {
  pilot = await Pilot.create();
  expect(await pilot.cutover(['start'])).toMatchObject({ exitCode: 2 });
  const { env, repository } = pilot.site;
  const home = env['HOME'] ?? '';
  await writeFile(join(home, 'restore-01.png'), PNG);
  await writeFile(join(home, 'notes.txt'), 'tenants: 42\n');
  terminal = await TmuxTerminal.open(pilot.directory, repository, { ...env, PATH: `${resolve('test/docs/bin')}:${env['PATH']}` });
}, 60_000);
afterAll(async () => {
  terminal?.close();
  await pilot?.dispose();
});

/** Keeps the screen under this name, once it ends so; `from` leaves out what stands above it. */
async function keep(name: string, end: string, from = ''): Promise<void> {
  const screen = await terminal.endsWith(end);
  screens[name] = normalized(screen.slice(screen.indexOf(from)));
}

function normalized(screen: string): string {
  const shown = screen.replaceAll(pilot.directory, '<dir>').replaceAll(hostname(), '<host>');
  const lines = shape(shown)
    .replaceAll(/waiting \d+s/g, 'waiting <age>')
    .split('\n');
  return `${lines
    .map((line) => line.trimEnd())
    .join('\n')
    .trim()}\n`;
}

test('a person signs off at a terminal: refused, left half way, gone on, shown what is signed; the screens are as they were', async () => {
  await terminal.type(`cutover claim latest --as ${VERIFIER}`);
  await keep('1-claimed', 'every transition, chained\n$');
  await terminal.clear();

  await terminal.type(`cutover sign-off latest --as ${VERIFIER}`);
  await keep('2-first-question', '>');
  await terminal.type('2999-01-01T00:00:00Z');
  await keep('3-refused', 'in the future\n>');
  await terminal.type('2026-01-01T00:00:00Z');
  await terminal.endsWith('other\n>');
  await terminal.type('3');
  await terminal.endsWith('(host or project):\n>');
  await terminal.press('C-c');
  await keep('4-left', 'every transition, chained\n$', 'B. Method');
  await terminal.clear();

  await terminal.type(`cutover sign-off latest --as ${VERIFIER}`);
  await keep('5-gone-on', '(host or project):\n>');
  for (const [answer, next] of [
    ['dpp-restore-drill.db.example.com', 'Tenant count:\n>'],
    ['42, as in the source', 'API-key count:\n>'],
    ['117', 'spot check:\n>'],
    ['10 of 10 match the ledger', 'dedup by status:\n>'],
    ['processed 980, duplicate 12, failed 0', 'not the production database:\n>'],
    ['current_database() is dpp_restore', 'Path>'],
    ['~/notes.txt', 'Path>'],
  ] as const) {
    await terminal.type(answer);
    await terminal.endsWith(next);
  }
  await keep('6-no-screenshot', 'name the picture itself\nPath>');
  for (const [answer, next] of [
    ['~/restore-01.png', 'these are all)>'],
    ['', 'in minutes:\n>'],
    ['38', 'or why not):\n>'],
    ['yes', `(Enter takes: ${VERIFIER})\n>`],
    ['', ')\n>'],
  ] as const) {
    await terminal.type(answer);
    await terminal.endsWith(next);
  }
  await terminal.type('');
  await keep('7-statement', 'to confirm:');
  await terminal.type(await runId());
  // How many lines stand above it depends on how long the path of the evidence is.
  await keep('8-signed', 'every transition, chained\n$', 'You sign the DB restore');

  for (const [name, screen] of Object.entries(screens)) expect({ name, screen }).toEqual({ name, screen: golden(name) });
}, 120_000);

test('every action has left who, why and seq on the chain', async () => {
  const { stdout } = await pilot.cutover(['history', 'latest', '--json']);
  const records = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { seq: number; event: { type: string } });
  expect(records.map(({ seq }) => seq)).toEqual(records.map((_, index) => index + 1));
  const [claimed, signed] = records.slice(-2);
  expect(claimed).toMatchObject({ event: { type: 'CLAIMED' }, who: { user: VERIFIER, level: 'asserted' } });
  expect(signed).toMatchObject({
    who: { user: VERIFIER },
    event: {
      type: 'SIGNED_OFF',
      signOff: { signer: VERIFIER, meaning: expect.stringMatching(/restored into a target/), seq: claimed?.seq },
    },
  });
});

async function runId(): Promise<string> {
  return (await pilot.runIds()).at(-1) ?? '';
}

function golden(name: string): string {
  return readFileSync(join(import.meta.dirname, 'golden', 'sign-off', `${name}.txt`), 'utf8');
}
