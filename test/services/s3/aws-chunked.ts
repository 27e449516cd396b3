import { incompleteBody, S3Error } from './s3-error.js';

/**
 * Decodes `Content-Encoding: aws-chunked`, the framing of the `STREAMING-*` payloads:
 * `hex-size[;chunk-signature=...]CRLF data CRLF`, a last chunk of size 0, then trailers `name:value CRLF`, then CRLF.
 * Chunk signatures are read and not verified.
 * Source: "Signature calculations: transferring payload in multiple chunks" in the S3 API reference.
 */
export class AwsChunkedDecoder {
  /** Trailers by lower-case name; complete after `finish`. */
  readonly trailers = new Map<string, string>();

  /** What comes next: the line that opens a chunk, its data, the CRLF after it, trailer lines, or nothing more. */
  private expecting: 'size' | 'data' | 'dataEnd' | 'trailer' | 'nothing' = 'size';
  private line = '';
  private left = 0;

  /** Takes raw bytes, returns the pieces of the payload among them. Throws S3Error for a broken frame. */
  decode(chunk: Buffer): Buffer[] {
    const pieces: Buffer[] = [];
    let position = 0;
    while (position < chunk.length) {
      if (this.expecting === 'data') {
        const piece = chunk.subarray(position, position + this.left);
        this.left -= piece.length;
        if (this.left === 0) this.expecting = 'dataEnd';
        pieces.push(piece);
        position += piece.length;
      } else {
        position = this.takeLine(chunk, position);
      }
    }
    return pieces;
  }

  /** Throws 400 IncompleteBody unless the last chunk has come. */
  finish(): void {
    const whole = this.expecting === 'nothing' || (this.expecting === 'trailer' && this.line === '');
    if (!whole) throw incompleteBody();
  }

  private takeLine(chunk: Buffer, position: number): number {
    const end = chunk.indexOf(10, position);
    this.line += chunk.toString('latin1', position, end === -1 ? chunk.length : end);
    if (this.line.length > 16_384) throw invalidChunk();
    if (end === -1) return chunk.length;
    const line = this.line.replace(/\r$/, '');
    this.line = '';
    this.acceptLine(line);
    return end + 1;
  }

  private acceptLine(line: string): void {
    switch (this.expecting) {
      case 'size':
        return this.acceptSize(line);
      case 'dataEnd':
        if (line !== '') throw invalidChunk();
        this.expecting = 'size';
        return;
      case 'trailer':
        return this.acceptTrailer(line);
      case 'data':
      case 'nothing':
        throw invalidChunk();
    }
  }

  private acceptSize(line: string): void {
    const size = /^([\da-f]{1,12})(?:;.*)?$/i.exec(line)?.[1];
    if (size === undefined) throw invalidChunk();
    this.left = Number.parseInt(size, 16);
    this.expecting = this.left === 0 ? 'trailer' : 'data';
  }

  private acceptTrailer(line: string): void {
    if (line === '') {
      this.expecting = 'nothing';
      return;
    }
    const colon = line.indexOf(':');
    if (colon < 1)
      throw new S3Error(400, 'MalformedTrailerError', 'The request contained trailing data that was not well-formed');
    this.trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
}

const invalidChunk = () => new S3Error(400, 'InvalidChunkSizeError', 'The chunk that the request body holds is not well-formed');
