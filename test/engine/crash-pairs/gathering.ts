import { testPairsWithin } from '../crash-pairs.js';

testPairsWithin('gathering');
