/** SQLite's write-ahead log as bytes. Source: https://www.sqlite.org/fileformat2.html#walformat */

export const PAGE_BYTES = 4096;
const LOG_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const FRAME_BYTES = FRAME_HEADER_BYTES + PAGE_BYTES;

/** Bytes that were written by one write, and the points inside them at which a power loss may have torn them. */
export interface Piece {
  readonly name: string;
  readonly start: number;
  readonly tears: readonly number[];
  readonly end: number;
}

/** What a transaction wrote to the log, in order: its header if the log was begun (again), and the transaction's frames. */
export function piecesOf(before: Buffer, after: Buffer): Piece[] {
  const isBegun = !saltsOf(before).equals(saltsOf(after));
  const known = isBegun ? 0 : framesOf(before).length;
  const header = { name: 'the header', start: 0, tears: [LOG_HEADER_BYTES / 2], end: LOG_HEADER_BYTES };
  const frames = framesOf(after).slice(known);
  return [...(isBegun ? [header] : []), ...frames.map((start, index) => frame(index + 1, start))];
}

function frame(number: number, start: number): Piece {
  const page = start + FRAME_HEADER_BYTES;
  return {
    name: `frame ${number}`,
    start,
    tears: [start + FRAME_HEADER_BYTES / 2, page, page + PAGE_BYTES / 2],
    end: start + FRAME_BYTES,
  };
}

/** The pages of an undamaged log as its last commit left them, by page number: what a checkpoint writes, in its order. */
export function newestPages(log: Buffer): [page: number, content: Buffer][] {
  const pages = new Map(
    framesOf(log).map((start) => [log.readUInt32BE(start), log.subarray(start + FRAME_HEADER_BYTES, start + FRAME_BYTES)]),
  );
  return [...pages].sort(([one], [other]) => one - other);
}

/** Where the frames of an undamaged log begin; those that are left from before the log was begun again have other salts. */
function framesOf(log: Buffer): number[] {
  const salts = saltsOf(log);
  const frames: number[] = [];
  for (let start = LOG_HEADER_BYTES; start + FRAME_BYTES <= log.length; start += FRAME_BYTES) {
    if (!log.subarray(start + 8, start + 16).equals(salts)) break;
    frames.push(start);
  }
  return frames;
}

function saltsOf(log: Buffer): Buffer {
  return log.subarray(16, 24);
}
