import { EvidenceError } from '../evidence-error.js';
import { unknown, type Unknown } from './check.js';

/** What `read` gives, or why there is nothing: a file that is missing or cannot be read is a finding here, and ends nothing. */
export async function readable<T>(read: () => Promise<T>): Promise<T | Unknown> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    return unknown(error.code === 'MISSING' ? `${error.file} is missing` : error.message);
  }
}
