import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Receiver } from './receiver.js';

describe('a receiver of messages', () => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await Receiver.start();
  });
  afterEach(() => receiver.stop());

  const post = (body: string) => fetch(receiver.url, { method: 'POST', body, redirect: 'manual' });

  test('keeps what it was sent, and takes it', async () => {
    expect((await post('hello')).status).toBe(204);
    expect(receiver.requests).toMatchObject([{ method: 'POST', path: '/hooks/f00d', body: 'hello' }]);
  });

  test('answers as it is told, one after the other', async () => {
    receiver.reply(500, { location: '/elsewhere' }, 'twice', 'cut');
    expect((await post('1')).status).toBe(500);
    const moved = await post('2');
    expect([moved.status, moved.headers.get('location')]).toEqual([307, '/elsewhere']);
    expect((await post('3')).status).toBe(200);
    await expect(post('4')).rejects.toThrow('fetch failed');
    expect(receiver.requests.map(({ body }) => body)).toEqual(['1', '2', '3', '4']);
  });

  test('holds an answer back until it is released', async () => {
    receiver.reply('hang');
    const answer = post('held');
    await receiver.received(1);
    receiver.release(202);
    expect((await answer).status).toBe(202);
  });
});
