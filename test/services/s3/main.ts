import { runStandIn } from '../staging/stand-in-process.js';
import { startS3 } from './server.js';

await runStandIn(
  ['bucket', 'data'],
  ['port', 'region', 'account', 'access-key', 'secret-key', 'log'],
  ({ bucket = '', data = '', port = '0', region, account, log, 'access-key': accessKey, 'secret-key': secretKey }) =>
    startS3({
      bucket,
      dataDir: data,
      port: Number(port),
      logFile: log,
      ...(region !== undefined && { region }),
      ...(account !== undefined && { account }),
      ...(accessKey !== undefined && { accessKey }),
      ...(secretKey !== undefined && { secretKey }),
    }),
);
