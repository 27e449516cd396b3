import type { StepContracts } from '../config/step-contracts.js';
import { EVIDENCE, isArchived } from '../evidence/layout.js';
import type { Actor } from './actor.js';
import { refuseSecrets, scanFiles } from './refuse-secrets.js';

type Contract = StepContracts['scanEvidence'];

/**
 * Runbook AC5: no secret in any file that will be archived. Writes 57_secret_scan.json, the same for the same evidence, and
 * throws SECRET_FOUND when there is one. Its own report, the history and the index are written later: `createArchive` scans them.
 */
export const scanEvidence: Actor<Contract['input'], Contract['output']> = async ({ scan }, context) => {
  // Opened first: it moves the report of an earlier attempt aside, which is scanned then.
  const report = await context.openLog(EVIDENCE.secretScan);
  try {
    const names = (await context.evidence.list()).map(({ name }) => name).filter((name) => isArchived(name) && !LATER.has(name));
    const accepted = scan?.accepted ?? [];
    const { files: scanned, filesScanned, bytesScanned, findings, refused } = await scanFiles(context, names, accepted);
    const files = scanned.map((name) => ({
      name,
      findings: findings.filter(({ file }) => file === name).map(({ line, kind }) => ({ line, kind })),
    }));
    const exceptions =
      findings.length === refused.length ? {} : { accepted: findings.length - refused.length, exceptions: accepted };
    await report.write(
      `${JSON.stringify({ filesScanned, bytesScanned, findings: findings.length, ...exceptions, files }, null, 2)}\n`,
    );
    refuseSecrets(refused);
    return { filesScanned, bytesScanned, ...(exceptions.accepted === undefined ? {} : { accepted: exceptions.accepted }) };
  } finally {
    await report.close();
  }
};

const LATER = new Set<string>([EVIDENCE.secretScan, EVIDENCE.history, EVIDENCE.index]);
