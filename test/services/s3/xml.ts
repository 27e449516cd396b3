const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';

export const s3Namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** What an element may hold: text, child elements, or a list that repeats the element. `undefined` leaves it out. */
export type XmlValue = string | number | boolean | undefined | XmlElements | readonly XmlValue[];
export interface XmlElements {
  readonly [name: string]: XmlValue;
}

/** One XML document with the root element `root`. */
export function xmlDocument(root: string, children: XmlElements | string, namespace?: string): string {
  const attribute = namespace ? ` xmlns="${namespace}"` : '';
  const inner = typeof children === 'string' ? escapeXml(children) : render(children);
  return `${declaration}<${root}${attribute}>${inner}</${root}>`;
}

/** An element of a request body. */
export interface XmlNode {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlNode[];
}

/**
 * Reads the small documents that S3 clients send: elements and text; attributes are skipped, no DTD, no CDATA.
 * Returns undefined for anything else.
 */
export function parseXml(source: string): XmlNode | undefined {
  const open: { name: string; text: string; children: XmlNode[] }[] = [{ name: '', text: '', children: [] }];
  let position = 0;
  for (const match of source.matchAll(/<\?[^>]*\?>|<(\/?)([\w:.-]+)(?:\s[^>]*?)?(\/?)>/g)) {
    const parent = open.at(-1);
    if (!parent) return undefined;
    parent.text += unescapeXml(source.slice(position, match.index));
    position = match.index + match[0].length;
    const name = match[2];
    if (name === undefined) continue;
    if (match[1]) {
      const closed = open.pop();
      if (closed?.name !== name) return undefined;
      open.at(-1)?.children.push(closed);
    } else if (match[3]) {
      parent.children.push({ name, text: '', children: [] });
    } else {
      open.push({ name, text: '', children: [] });
    }
  }
  return open.length === 1 && source.slice(position).trim() === '' ? open[0]?.children[0] : undefined;
}

/** The first child of that name. */
const childOf = (node: XmlNode | undefined, name: string) => node?.children.find((child) => child.name === name);

/** The text of the first child of that name, trimmed; undefined when there is none. */
export const textOf = (node: XmlNode | undefined, name: string) => childOf(node, name)?.text.trim();

function render(elements: XmlElements): string {
  return Object.entries(elements)
    .map(([name, value]) => renderElement(name, value))
    .join('');
}

function renderElement(name: string, value: XmlValue): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map((item: XmlValue) => renderElement(name, item)).join('');
  const inner = typeof value === 'object' ? render(value as XmlElements) : escapeXml(String(value));
  return `<${name}>${inner}</${name}>`;
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"\r]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? '&#13;');
}

function unescapeXml(text: string): string {
  return text.replace(/&(#x?[\da-f]+|\w+);/gi, (whole, name: string) => {
    if (/^#x/i.test(name)) return String.fromCodePoint(Number.parseInt(name.slice(2), 16));
    if (name.startsWith('#')) return String.fromCodePoint(Number(name.slice(1)));
    return { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }[name] ?? whole;
  });
}
