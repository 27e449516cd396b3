import { dirname } from 'node:path';
import { playVerifier } from '../../../dist/demo/play-verifier.js';

const [checkpoint] = process.argv.slice(2);
if (checkpoint === undefined) throw new Error('play-verifier: which checkpoint?');
await playVerifier(dirname(checkpoint));
