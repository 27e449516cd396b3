import { startStaging } from './server.js';
import { runStandIn } from './stand-in-process.js';

await runStandIn([], ['port', 'log'], ({ port = '0', log }) => startStaging({ port: Number(port), logFile: log }));
