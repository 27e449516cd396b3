import { describe, expect, test } from '@jest/globals';
import { configuredChannels, judgeReceiver } from '../../src/config/channels.js';

const SECRET = 'a-secret-of-a-test';

describe('the channels of an environment', () => {
  test('are those whose variable is set', () => {
    expect(configuredChannels({})).toEqual([]);
    expect(configuredChannels({ CUTOVER_NOTIFY_WEBHOOK: '', CUTOVER_NOTIFY_SLACK: 'x' })).toEqual(['slack']);
    expect(configuredChannels({ CUTOVER_NOTIFY_SLACK: 'x', CUTOVER_NOTIFY_WEBHOOK: 'y' })).toEqual(['webhook', 'slack']);
  });
});

describe('a receiver', () => {
  const webhook = (url: string, secret: string | undefined = SECRET) =>
    judgeReceiver('webhook', { CUTOVER_NOTIFY_WEBHOOK: url, CUTOVER_WEBHOOK_SECRET: secret });

  test.each(['https://hooks.example.com/a/b?c=d', 'http://127.0.0.1:8080/x', 'http://localhost/x', 'http://[::1]:1/x'])(
    'at %s is taken as it is',
    (url) => {
      expect(webhook(url)).toEqual({ value: { channel: 'webhook', url: new URL(url), secret: SECRET } });
    },
  );

  test.each([
    ['http://hooks.example.com/f00d', 'only https'],
    ['http://127.example.com/f00d', 'only https'],
    ['ftp://hooks.example.com/f00d', 'only https'],
    ['hooks.example.com/f00d', 'is no URL'],
    ['https://user:pass@hooks.example.com/f00d', 'holds credentials'],
    ['', 'is not set'],
  ])('at %s is refused, and the URL is not repeated', (url, why) => {
    const { fault, advice } = webhook(url) as { fault: string; advice: string };
    expect(fault).toContain('CUTOVER_NOTIFY_WEBHOOK');
    expect(fault).toContain(why);
    expect(fault + advice).not.toMatch(/f00d|example|pass/);
  });

  test('of the webhook needs a secret that is long enough to sign with; one of Slack has it in its URL', () => {
    expect(webhook('https://hooks.example.com', '')).toMatchObject({ fault: 'CUTOVER_WEBHOOK_SECRET is not set' });
    expect(webhook('https://hooks.example.com', 'fifteen letters')).toMatchObject({
      fault: 'CUTOVER_WEBHOOK_SECRET has less than 16 characters',
    });
    const url = 'https://hooks.slack.example.com/services/T/B/x';
    expect(judgeReceiver('slack', { CUTOVER_NOTIFY_SLACK: url })).toEqual({
      value: { channel: 'slack', url: new URL(url), secret: null },
    });
  });
});
