import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { postMessage } from '../../../src/actors/notify/post-message.js';
import { Receiver } from '../../services/notify/receiver.js';

describe('a message that is posted', () => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await Receiver.start();
  });
  afterEach(() => receiver.stop());

  const post = (signal = new AbortController().signal, timeoutMs?: number) =>
    postMessage(new URL(receiver.url), { body: '{"text":"✗"}', headers: { 'idempotency-key': 'k-1' } }, signal, timeoutMs);

  test('arrives as JSON, with its headers', async () => {
    expect(await post()).toEqual({ taken: true });
    expect(receiver.requests).toMatchObject([
      {
        method: 'POST',
        path: '/hooks/f00d',
        body: '{"text":"✗"}',
        headers: { 'idempotency-key': 'k-1', 'content-type': 'application/json; charset=utf-8' },
      },
    ]);
  });

  test.each([200, 202, 204, 'twice'] as const)('is taken when the answer is %s', async (reply) => {
    receiver.reply(reply);
    expect(await post()).toEqual({ taken: true });
  });

  test.each([400, 401, 404, 410, 422])('is refused for good when the answer is %i', async (status) => {
    receiver.reply(status);
    expect(await post()).toEqual({ taken: false, refused: true, error: `${receiver.host} answered ${status}` });
  });

  test.each([408, 425, 429, 500, 503])('is to be sent again when the answer is %i', async (status) => {
    receiver.reply(status);
    expect(await post()).toEqual({ taken: false, refused: false, error: `${receiver.host} answered ${status}` });
  });

  test('is not sent on where a redirect leads', async () => {
    const other = await Receiver.start();
    try {
      receiver.reply({ location: other.url });
      expect(await post()).toMatchObject({ taken: false, refused: false, error: expect.stringContaining('307, a redirect') });
      expect(other.requests).toEqual([]);
    } finally {
      await other.stop();
    }
  });

  test('is to be sent again when the connection is cut, and when there is none', async () => {
    receiver.reply('cut');
    expect(await post()).toEqual({ taken: false, refused: false, error: `${receiver.host} cannot be reached (ECONNRESET)` });
    const gone = await Receiver.start();
    const url = new URL(gone.url);
    await gone.stop();
    expect(await postMessage(url, { body: '', headers: {} }, new AbortController().signal)).toMatchObject({
      refused: false,
      error: `${url.host} cannot be reached (ECONNREFUSED)`,
    });
  });

  test('is to be sent again when there is no answer in time', async () => {
    receiver.reply('hang');
    expect(await post(new AbortController().signal, 30)).toEqual({
      taken: false,
      refused: false,
      error: `${receiver.host} gave no answer within 0.03 s`,
    });
  });

  test('ends with the reason of whoever stops it', async () => {
    const stop = new AbortController();
    receiver.reply('hang');
    const posted = post(stop.signal);
    await receiver.received(1);
    stop.abort(new Error('enough'));
    await expect(posted).rejects.toThrow('enough');
  });
});
