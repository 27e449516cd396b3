import type { Lie } from './control.js';
import type { Reply, XmlBody } from './reply.js';
import type { XmlElements, XmlValue } from './xml.js';

/** The reply with the fields that a lie names changed or left out, and nothing else. Throws when the reply has no such part. */
export function tellLie(reply: Reply, lie: Lie): Reply {
  const lied = { ...reply, headers: changedHeaders(reply.headers, lie.headers ?? {}), body: changedBody(reply, lie) };
  if (!lie.body || !('replaceWith' in lie.body)) return lied;
  const bytes = Buffer.from(lie.body.replaceWith);
  const length = { 'content-length': String(bytes.length) };
  return { ...lied, headers: { ...lied.headers, ...length }, body: { kind: 'bytes', bytes } };
}

function changedHeaders(headers: Reply['headers'], changes: Record<string, string | null>): Record<string, string> {
  const changed: Record<string, string> = { ...headers };
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete changed[name.toLowerCase()];
    else changed[name.toLowerCase()] = value;
  }
  return changed;
}

function changedBody({ body }: Reply, lie: Lie): Reply['body'] {
  if (lie.elements && Object.keys(lie.elements).length > 0) {
    if (body?.kind !== 'xml') throw new Error('a lie about elements needs an answer in XML');
    return changedXml(body, lie.elements);
  }
  if (!lie.body || 'replaceWith' in lie.body) return body;
  if (body?.kind !== 'stored') throw new Error('a lie about bytes needs an answer with the bytes of an object');
  if ('flipByteAt' in lie.body) return { ...body, flippedByte: lie.body.flipByteAt };
  return { ...body, end: Math.min(body.end, body.start + lie.body.truncateTo) };
}

function changedXml(body: XmlBody, changes: Record<string, string | null>): XmlBody {
  if (typeof body.children === 'string') throw new Error('the answer is bare text and has no elements');
  let children: XmlElements = body.children;
  for (const [path, value] of Object.entries(changes)) children = changedElement(children, path.split('.'), value);
  return { ...body, children };
}

function changedElement(elements: XmlElements, [name = '', ...below]: string[], value: string | null): XmlElements {
  if (below.length === 0) return { ...elements, [name]: value ?? undefined };
  const change = (item: XmlValue) => changedElement(isElements(item) ? item : {}, below, value);
  const old = elements[name];
  return { ...elements, [name]: Array.isArray(old) ? old.map(change) : change(old) };
}

function isElements(value: XmlValue): value is XmlElements {
  return typeof value === 'object' && !Array.isArray(value);
}
