import { testPairsWithin } from '../crash-pairs.js';

testPairsWithin('shipping');
