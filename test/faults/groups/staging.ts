import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startStaging } from '../../services/staging/server.js';
import type { StagingControl } from '../../services/staging/control.js';
import type { FaultCase, FaultGroup } from '../fault-case.js';
import type { FaultPilot } from '../fault-pilot.js';

const LOOK_AT_LOGS = 'Look at the logs of the staging deployments, and mend the service.';

type Answer = Omit<NonNullable<StagingControl['faults']>[number], 'path' | 'times'>;

function health(path: '/healthz' | '/readyz', how: string, answer: Answer, says: FaultCase['says']): FaultCase {
  return {
    what: `GET ${path}`,
    how,
    inject: ({ site }) => site.staging.control({ faults: [{ path, times: 'always', ...answer }] }),
    says: [`${path}: ${says[0]}`, ...says.slice(1)],
  };
}

/** A service with a certificate that nobody has signed but itself. */
async function selfSigned(pilot: FaultPilot): Promise<void> {
  const [key, cert] = ['key', 'cert'].map((name) => join(pilot.directory, `staging-${name}.pem`)) as [string, string];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '1'];
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key];
  await promisify(execFile)('openssl', ['req', '-x509', ...newKey, '-out', cert, ...subject]);
  const staging = await startStaging({ tls: { key: await pilot.read(key), cert: await pilot.read(cert) } });
  pilot.stopWithSite(staging);
  pilot.setVariable('DPP_STAGING_BASE_URL', staging.url);
}

async function stopped(pilot: FaultPilot): Promise<void> {
  const { url, stop } = await startStaging();
  await stop();
  pilot.setVariable('DPP_STAGING_BASE_URL', url);
}

export const STAGING: FaultGroup = {
  title: 'Step 2: is staging healthy',
  stage: 'step',
  cases: [
    health('/healthz', '500', { status: 500 }, ['500; expected 2xx', LOOK_AT_LOGS]),
    health('/readyz', '500', { status: 500 }, ['500; expected 2xx', LOOK_AT_LOGS]),
    health('/readyz', '503', { status: 503 }, ['503; expected 2xx', LOOK_AT_LOGS]),
    health('/healthz', '404', { status: 404 }, ['404; expected 2xx', LOOK_AT_LOGS]),
    health('/healthz', 'redirects to a login page', { redirect: 'https://login.example.com/?token=abc' }, [
      '302, a redirect to https://login.example.com/; expected 2xx from the service itself',
      'Set DPP_STAGING_BASE_URL to the address that answers itself.',
    ]),
    health('/readyz', 'never answers (15 s are waited)', { hang: true }, [
      'no complete answer within 15 s',
      'Find out what the service waits for, or whether a firewall drops the packets.',
    ]),
    health('/healthz', 'a body without an end', { endless: true }, [
      '200 with more than 64 KiB; this is no answer of a health endpoint',
      'Check that DPP_STAGING_BASE_URL is the address of the API and not of a web site.',
    ]),
    health('/readyz', 'connection reset', { reset: true }, [
      'the connection to 127.0.0.1',
      'Check the network, VPN, and that staging is up.',
    ]),
    {
      what: 'GET /healthz',
      how: 'connection refused',
      inject: stopped,
      says: ['/healthz: connection refused by 127.0.0.1', 'Check that staging is up, and the port in DPP_STAGING_BASE_URL.'],
    },
    {
      what: 'GET /healthz',
      how: 'a self-signed certificate',
      inject: selfSigned,
      says: ['/healthz: TLS with 127.0.0.1', 'an own authority is made known with NODE_EXTRA_CA_CERTS'],
    },
    {
      ...health('/healthz', '204 without a body: any 2xx passes', { status: 204 }, ['PASS']),
      exitCode: 2,
      says: ['✓ Step 2: Staging dry-run PASS'],
    },
    {
      ...health('/readyz', '200 without a body: any 2xx passes', { empty: true }, ['PASS']),
      exitCode: 2,
      says: ['✓ Step 2: Staging dry-run PASS'],
    },
  ],
};
