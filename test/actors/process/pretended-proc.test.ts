import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';

/** What the real /proc shows too rarely, or never here: processes that end while they are looked at, errors, no /proc at all. */

type Content = string | { code: string };
interface Pretended {
  stat?: Content;
  environ?: Content;
  /** Signals that end it; others it ignores. */
  endsOn?: readonly string[];
}

let clock = 0;
let processes: Record<number, Pretended>;
let files: Record<string, Content>;
let signals: (readonly [pid: number, signal: string | number | undefined, at: number])[];
let answerToKill: Record<number, { code: string }>;

const failure = ({ code }: { code: string }) => Object.assign(new Error(`${code}: pretended`), { code });
function read(file: string, encoding: string): string {
  if (!['utf8', 'latin1'].includes(encoding)) throw new Error(`read as ${encoding}`);
  const [, pid, what] = /^\/proc\/(\d+)\/(stat|environ)$/.exec(file) ?? [];
  const content = pid === undefined ? files[file] : processes[Number(pid)]?.[what as 'stat' | 'environ'];
  if (typeof content === 'string') return content;
  throw failure(content ?? { code: 'ENOENT' });
}
let open: string[];
jest.unstable_mockModule('node:fs', () => ({
  readFileSync: read,
  openSync: (file: string) => open.push(file) - 1,
  readSync: (descriptor: number, buffer: Buffer) => buffer.write(read(open[descriptor] ?? '', 'latin1'), 'latin1'),
  closeSync: (descriptor: number) => delete open[descriptor],
  readdirSync: () => {
    const listing = files['/proc'];
    if (typeof listing === 'object') throw failure(listing);
    return ['1x', 'x1', 'self', ...Object.keys(processes)];
  },
}));
jest.unstable_mockModule('node:timers/promises', () => ({
  setTimeout: (ms: number) => {
    clock += ms;
    return Promise.resolve();
  },
}));
const { endProcessGroup, endsWithin, killSurvivors, signalGroup } = await import('../../../src/actors/process/process-group.js');
const { bootId, environmentOf, isSameProcess, machineId, processIds, processStartTime } =
  await import('../../../src/actors/process/process-identity.js');

beforeEach(() => {
  [clock, processes, files, signals, answerToKill, open] = [0, {}, {}, [], {}, []];
  jest.spyOn(performance, 'now').mockImplementation(() => clock);
  jest.spyOn(process, 'kill').mockImplementation((pid, signal) => {
    signals.push([pid, signal, clock]);
    const answer = answerToKill[pid];
    if (answer !== undefined) throw failure(answer);
    if (processes[pid]?.endsOn?.includes(String(signal)) === true) delete processes[pid];
    return true;
  });
});
afterEach(() => {
  // Whatever was found, or not: no descriptor stays open.
  expect(Object.keys(open)).toEqual([]);
  jest.restoreAllMocks();
});

const stat = ({ state = 'S', group = 7, startTime = '100' } = {}) =>
  `7 (sh) ${state} 1 ${group} 15 ${'0 '.repeat(15)}${startTime} 9 9\n`;
const child = { pid: 7, startTime: '100' };
const MARK = 'CUTOVER_ATTEMPT=7-100';

describe('boot and machine', () => {
  test('are the first line of their files, without white space', () => {
    files = { '/proc/sys/kernel/random/boot_id': ' boot \nmore\n', '/etc/machine-id': '\tmachine\n' };
    expect([bootId(), machineId()]).toEqual(['boot', 'machine']);
  });

  test('a machine without its usual file has the other one’s name, or none', () => {
    files = { '/var/lib/dbus/machine-id': 'bus\n' };
    expect([bootId(), machineId()]).toEqual([null, 'bus']);
    files = { '/etc/machine-id': '\n', '/var/lib/dbus/machine-id': ' \n' };
    expect(machineId()).toBeNull();
  });

  test('a file that is there and cannot be read is an error', () => {
    files = { '/etc/machine-id': { code: 'EIO' } };
    expect(() => machineId()).toThrow('EIO: pretended');
  });
});

describe('a process', () => {
  test.each(['ENOENT', 'ESRCH'])('that ends while it is looked at (%s) is none', (code) => {
    processes[7] = { stat: { code }, environ: { code } };
    expect([processStartTime(7), environmentOf(7)]).toEqual([null, []]);
  });

  test.each(['EACCES', 'EPERM'])('of another user (%s) has no variables to be seen', (code) => {
    processes[7] = { environ: { code } };
    expect(environmentOf(7)).toEqual([]);
  });

  test('that cannot be read for another reason is an error', () => {
    processes[7] = { stat: { code: 'EIO' }, environ: { code: 'EIO' } };
    expect(() => processStartTime(7)).toThrow('EIO: pretended');
    expect(() => environmentOf(7)).toThrow('EIO: pretended');
  });

  test.each(['Z', 'X'])('in state %s lives no more', (state) => {
    processes[7] = { stat: stat({ state }) };
    expect(isSameProcess(child)).toBe(false);
  });

  test('is what has a number for its name', () => {
    processes = { 7: {}, 12: {} };
    expect(processIds()).toEqual([7, 12]);
  });

  test('is none where there is no /proc, and an error where it cannot be read', () => {
    files = { '/proc': { code: 'ENOENT' } };
    expect(processIds()).toEqual([]);
    files = { '/proc': { code: 'EMFILE' } };
    expect(() => processIds()).toThrow('EMFILE: pretended');
  });
});

describe('ending what is left', () => {
  test('asks, waits for the grace, and then makes them end', async () => {
    processes = { 7: { stat: stat(), endsOn: ['SIGTERM'] }, 8: { stat: stat(), environ: MARK, endsOn: ['SIGKILL'] } };
    expect(await endProcessGroup(child, 1_000)).toBe('ended');
    expect(signals).toEqual([
      [7, 'SIGTERM', 0],
      [8, 'SIGTERM', 0],
      [8, 'SIGKILL', 1_000],
    ]);
    expect(processes).toEqual({});
  });

  test('has a grace of five seconds', async () => {
    processes = { 7: { stat: stat(), endsOn: ['SIGKILL'] } };
    expect(await endProcessGroup(child)).toBe('ended');
    expect(signals.at(-1)).toEqual([7, 'SIGKILL', 5_000]);
  });

  test('ends members of the group, and those that carry the mark wherever they are; never others', async () => {
    const endsOn = ['SIGTERM'];
    processes = {
      5: { stat: stat({ startTime: '99', group: 5 }), environ: `A=1\0${MARK}\0`, endsOn },
      7: { stat: stat(), endsOn },
      8: { stat: stat({ startTime: '100' }), endsOn },
      9: { stat: stat({ group: 9 }), environ: `A=1\0${MARK}\0B=2\0`, endsOn },
      10: { stat: stat({ group: 10 }), environ: `${MARK}1\0`, endsOn },
      11: { stat: stat({ group: 11 }), environ: 'A=1\0', endsOn },
      12: { stat: stat({ state: 'Z' }), endsOn },
      13: { stat: stat({ state: 'X' }), endsOn },
    };
    expect(await endProcessGroup({ ...child, bootId: null })).toBe('ended');
    expect(signals.map(([pid]) => pid)).toEqual([7, 8, 9]);
  });

  test('goes by the mark alone once the leader is gone, or its id another’s', async () => {
    const endsOn = ['SIGTERM'];
    processes = { 8: { stat: stat(), environ: '', endsOn }, 9: { stat: stat({ startTime: '200' }), environ: MARK, endsOn } };
    expect(await endProcessGroup(child)).toBe('ended');
    processes[7] = { stat: stat({ startTime: '300' }), environ: '', endsOn };
    expect(await endProcessGroup(child)).toBe('gone');
    expect(signals.map(([pid]) => pid)).toEqual([9]);
  });

  test('of another boot nothing is left; of this boot, what is there', async () => {
    files = { '/proc/sys/kernel/random/boot_id': 'this\n' };
    processes = { 7: { stat: stat(), endsOn: ['SIGTERM'] } };
    expect(await endProcessGroup({ ...child, bootId: 'another' })).toBe('gone');
    expect(signals).toEqual([]);
    expect(await endProcessGroup({ ...child, bootId: 'this' })).toBe('ended');
  });

  test('without a start time it says whether the id is somebody’s', async () => {
    expect(await endProcessGroup({ pid: 7, startTime: null })).toBe('unproven');
    answerToKill = { 7: { code: 'EPERM' } };
    expect(await endProcessGroup({ pid: 7, startTime: null })).toBe('unproven');
    answerToKill = { 7: { code: 'ESRCH' } };
    expect(await endProcessGroup({ pid: 7, startTime: null })).toBe('gone');
    expect(signals).toEqual([
      [7, 0, 0],
      [7, 0, 0],
      [7, 0, 0],
    ]);
  });

  test('names after ten seconds those that do not end, and what to do', async () => {
    processes = { 7: { stat: stat() }, 8: { stat: stat() } };
    await expect(killSurvivors(child)).rejects.toThrow(
      'Processes 7, 8 did not end on SIGKILL. See what they hang in (ps -o pid,stat,wchan,args), then try again.',
    );
    expect(clock).toBe(10_000);
  });

  test('takes one that has ended, or became another user’s, as the next look shows it; other errors are passed on', async () => {
    processes = { 7: { stat: stat() } };
    for (const code of ['ESRCH', 'EPERM']) {
      answerToKill = { 7: { code }, [-7]: { code } };
      await expect(killSurvivors(child)).rejects.toThrow('Processes 7 did not end');
      expect(() => signalGroup(7, 'SIGTERM')).not.toThrow();
    }
    answerToKill = { 7: { code: 'EINVAL' } };
    await expect(killSurvivors(child)).rejects.toThrow('EINVAL: pretended');
  });

  test('waits no longer than it was told, and looks at least once', async () => {
    processes = { 7: { stat: stat() } };
    expect(await endsWithin(child, 0)).toBe(false);
    expect(clock).toBe(0);
    expect(await endsWithin(child, 100)).toBe(false);
    expect(clock).toBe(100);
    processes = {};
    expect(await endsWithin(child, -1)).toBe(true);
    expect(signals).toEqual([]);
  });
});
