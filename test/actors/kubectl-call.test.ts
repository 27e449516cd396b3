import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import type { ActorError } from '../../src/actors/actor.js';
import { parseOutput, runKubectl } from '../../src/actors/kubectl-call.js';
import { createKubectl, type KubectlRunOptions } from '../../src/actors/kubectl.js';
import { unrecordedOwner, type ProcessOwner } from '../../src/actors/process/run-process.js';
import { pretendKubectl } from './pretended-command.js';
import { recordingLog } from './recording-log.js';

const LIST = z.object({ items: z.array(z.object({ metadata: z.object({ name: z.string() }) })) });
const TARGET = { context: 'dpp-staging', server: 'https://k8s.staging.example.com', namespace: 'dpp' };
const TAIL = '--context dpp-staging --server https://k8s.staging.example.com -n dpp --request-timeout=29s';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cutover-kubectl-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const pretend = (script: string, env: NodeJS.ProcessEnv = {}) => pretendKubectl(folder, script, { env });

async function failure(promise: Promise<unknown>): Promise<ActorError> {
  return promise.then(
    () => {
      throw new Error('it passed');
    },
    (error: ActorError) => error,
  );
}

describe('a call of kubectl', () => {
  test.each([
    ['/a/home', 'get pods'],
    ['', `get pods --cache-dir ${join(tmpdir(), `cutover-kubectl-cache-${userInfo().uid}`)}`],
    [undefined, `get pods --cache-dir ${join(tmpdir(), `cutover-kubectl-cache-${userInfo().uid}`)}`],
  ])('with HOME %j keeps the cache out of the working directory: %s', async (HOME, args) => {
    const { stdout } = await runKubectl(pretend('echo "$*"', { HOME }), ['get', 'pods'], 10_000);
    expect(stdout).toBe(`${args}\n`);
  });

  test('may print more than other commands', async () => {
    const { stdout } = await runKubectl(pretend('head -c 17000000 /dev/zero'), ['get', 'pods'], 10_000);
    expect(stdout).toHaveLength(17_000_000);
  });

  test.each<[string, KubectlRunOptions, string]>([
    ['30 s', {}, '29s'],
    ['2.9 s', { timeoutMs: 2_900 }, '1s'],
    ['2 s', { timeoutMs: 2_000 }, '1s'],
    ['0.9 s', { timeoutMs: 900 }, '1s'],
    ['135 s', { timeoutMs: 135_000 }, '134s'],
  ])(
    'names context, server, namespace and a request time-out a second shorter than the %s it has',
    async (_, options, seconds) => {
      const said = await createKubectl(pretend('echo "$*"'), TARGET).run(['get', 'pods'], options);
      expect(said).toBe(
        `get pods --context dpp-staging --server https://k8s.staging.example.com -n dpp --request-timeout=${seconds}\n`,
      );
    },
  );

  test('of a missing kubectl, or of one that may not be executed, says so', async () => {
    const owner = unrecordedOwner(new AbortController().signal, { PATH: folder, HOME: folder });
    const missing = await failure(createKubectl(owner, TARGET).run(['get', 'pods']));
    expect(missing).toMatchObject({
      code: 'KUBECTL_MISSING',
      message: `kubectl cannot be run: kubectl is not on the PATH (${folder}). Install it, or extend the PATH.`,
      cause: { code: 'COMMAND_NOT_FOUND' },
    });
    writeFileSync(join(folder, 'kubectl'), '');
    chmodSync(join(folder, 'kubectl'), 0o644);
    const notExecutable = await failure(createKubectl(owner, TARGET).run(['get', 'pods']));
    expect(notExecutable).toMatchObject({ code: 'KUBECTL_MISSING', cause: { code: 'COMMAND_NOT_EXECUTABLE' } });
  });

  test('passes on what is no fault of kubectl', async () => {
    const owner: ProcessOwner = { ...pretend('true'), childStarted: () => Promise.reject(new Error('the lease is lost')) };
    expect(await failure(createKubectl(owner, TARGET).run(['get', 'pods']))).toMatchObject({ message: 'the lease is lost' });
  });

  test('that hangs is a time-out', async () => {
    const hangs = createKubectl(pretend('sleep 600'), TARGET).run(['get', 'pods'], { timeoutMs: 200 });
    await expect(hangs).rejects.toMatchObject({ code: 'KUBECTL_TIMEOUT' });
  });

  test('that fails has failed, whatever it printed', async () => {
    const answer = `echo '{"items":[]}'`;
    await expect(createKubectl(pretend(`${answer}; exit 1`), TARGET).get(['get', 'pods'], LIST)).rejects.toMatchObject({
      code: 'KUBECTL_FAILED',
    });
    await expect(createKubectl(pretend(`${answer}; kill -KILL $$`), TARGET).get(['get', 'pods'], LIST)).rejects.toMatchObject({
      code: 'KUBECTL_FAILED',
      message: expect.stringContaining(`kubectl get pods -o json ${TAIL} was ended by SIGKILL`),
    });
  });

  test('may have an answer in another exit code than 0, if that is asked for', async () => {
    const kubectl = createKubectl(pretend('echo no; exit 1'), TARGET);
    const isAnswer: KubectlRunOptions['isAnswer'] = ({ exitCode, stdout }) => exitCode === 1 && stdout === 'no\n';
    expect(await kubectl.run(['auth', 'can-i'], { isAnswer })).toBe('no\n');
    await expect(kubectl.run(['auth', 'can-i'], { isAnswer: () => false })).rejects.toMatchObject({ code: 'KUBECTL_FAILED' });
    expect(await createKubectl(pretend('echo yes'), TARGET).run(['auth', 'can-i'], { isAnswer: () => false })).toBe('yes\n');
  });

  test('never repeats a secret in its error', async () => {
    const owner = pretend('echo "bad token hunter2hunter2" >&2; exit 1', { CLUSTER_TOKEN: 'hunter2hunter2' });
    const error = await failure(createKubectl(owner, TARGET).run(['get', 'pods']));
    expect(error.message).toContain('[REDACTED:');
    expect(JSON.stringify(error)).not.toContain('hunter2');
  });
});

describe('the log of the calls', () => {
  test('has nothing of a call that was given none, of what is read as objects neither', async () => {
    const log = recordingLog();
    const kubectl = createKubectl(pretend(`echo '{"items":[{"metadata":{"name":"a"}}]}'`), TARGET);
    await kubectl.run(['get', 'pods', '-o', 'name'], { log });
    await kubectl.run(['get', 'services']);
    expect(await kubectl.get(['get', 'pods'], LIST)).toEqual({ items: [{ metadata: { name: 'a' } }] });
    expect(log.text()).toBe(`$ kubectl get pods -o name ${TAIL}\n{"items":[{"metadata":{"name":"a"}}]}\n[exit code 0]\n`);
  });

  test('keeps each output on lines of its own', async () => {
    const log = recordingLog();
    await createKubectl(pretend('printf out; printf err >&2'), TARGET).run(['get', 'pods'], { log });
    expect(log.text()).toBe(`$ kubectl get pods ${TAIL}\nout\nerr\n[exit code 0]\n`);
  });

  test.each([
    ['exit 3', '[exit code 3]'],
    ['kill -KILL $$', '[ended by SIGKILL]'],
  ])('says how a call of %j ended', async (script, says) => {
    const log = recordingLog();
    await failure(createKubectl(pretend(script), TARGET).run(['get', 'pods'], { log }));
    expect(log.text()).toBe(`$ kubectl get pods ${TAIL}\n${says}\n`);
  });

  test('says that the time was up', async () => {
    const log = recordingLog();
    await failure(createKubectl(pretend('sleep 600'), TARGET).run(['get', 'pods'], { timeoutMs: 100, log }));
    expect(log.text()).toMatch(/\n\[timed out after \d+ ms\]\n$/);
  });

  test('says why kubectl did not run', async () => {
    const log = recordingLog();
    const owner = unrecordedOwner(new AbortController().signal, { PATH: folder });
    const { message } = await failure(createKubectl(owner, TARGET).run(['get', 'pods'], { log }));
    expect(log.text()).toBe(`$ kubectl get pods ${TAIL}\n[not run to its end: ${message}]\n`);
  });

  test('says nothing of an interruption: its owner does', async () => {
    const log = recordingLog();
    const owner = pretendKubectl(folder, 'true', { signal: AbortSignal.abort(new Error('stopped')) });
    await expect(createKubectl(owner, TARGET).run(['get', 'pods'], { log })).rejects.toThrow('stopped');
    expect(log.text()).toBe(`$ kubectl get pods ${TAIL}\n`);
  });
});

describe('an answer in JSON', () => {
  const parse =
    (stdout: string, env: NodeJS.ProcessEnv = {}) =>
    () =>
      parseOutput(['get', 'pods'], stdout, LIST, env);
  const refused = (what: string) => ({
    code: 'KUBECTL_BAD_OUTPUT',
    message: `kubectl get pods succeeded, but ${what}. Run the command by hand; nothing is proven by this answer.`,
    options: { details: { command: 'kubectl get pods' } },
  });

  test.each([
    ['', 'printed nothing'],
    [' \n', 'printed nothing'],
    ['<html>', 'printed no JSON: <html>'],
    ['[]', 'its JSON is not as expected (the document: Invalid input: expected object, received array)'],
    [
      '{"items":[{"metadata":{}}]}',
      'its JSON is not as expected (items.0.metadata.name: Invalid input: expected string, received undefined)',
    ],
  ])('%j is refused', (stdout, what) => {
    expect(thrown(parse(stdout))).toMatchObject(refused(what));
  });

  test('is refused with no more than three reasons', () => {
    const { message } = thrown(parse('{"items":[1,2,3,4]}'));
    expect(message).toMatch(/\(items\.0: [^;]+; items\.1: [^;]+; items\.2: [^;]+\)\. Run/);
  });

  test('is refused with the reason of the parser as the cause, and without secrets', () => {
    const error = thrown(parse('token hunter2hunter2', { CLUSTER_TOKEN: 'hunter2hunter2' }));
    expect(error.cause).toBeInstanceOf(Error);
    expect(error.message).not.toContain('hunter2');
  });

  test.each(['exit 0', 'echo " "', 'echo "<html>"', 'echo "[]"', 'echo null'])('is not %j with exit code 0', async (script) => {
    await expect(createKubectl(pretend(script), TARGET).get(['get', 'pods'], LIST)).rejects.toMatchObject({
      code: 'KUBECTL_BAD_OUTPUT',
      message: expect.stringContaining(`kubectl get pods -o json ${TAIL} succeeded, but `),
    });
  });
});

function thrown(call: () => unknown): ActorError {
  try {
    call();
  } catch (error) {
    return error as ActorError;
  }
  throw new Error('it passed');
}
