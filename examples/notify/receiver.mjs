import { Buffer } from 'node:buffer';
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Seconds that a message may be old: a request that somebody recorded and sends again later is none. */
const OLDEST = 300;

/**
 * Whether a request comes from someone who knows the secret, and was sent just now. `body` is the request's body, byte by byte as it
 * came: JSON that was parsed and written again is another text.
 */
export function isGenuine({ headers, body }, secret, nowInSeconds = Date.now() / 1000) {
  const timestamp = headers['x-cutover-timestamp'] ?? '';
  if (!/^\d+$/.test(timestamp) || Math.abs(nowInSeconds - Number(timestamp)) > OLDEST) return false;
  const expected = Buffer.from(`sha256=${createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex')}`);
  const given = Buffer.from(headers['x-cutover-signature'] ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/**
 * A message comes at least once. What was told once under a key is not told again. `told` is to outlive the process. The key is the body's,
 * which is signed: the header that says the same is not. Only for a message that is genuine.
 */
export function isNew({ body }, told) {
  const { key } = JSON.parse(body);
  if (told.has(key)) return false;
  told.add(key);
  return true;
}
