import { testPairsWithin } from '../crash-pairs.js';

testPairsWithin('building');
