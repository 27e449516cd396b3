import { manifestJson, type Manifest } from '../../src/evidence/manifest.js';

/** A valid manifest. */
export const manifest: Manifest = {
  schema_version: 1,
  run_id: '20260221T120000Z',
  verdict: 'PASS',
  generated_at: '2026-02-21T12:05:02Z',
  tarball_path: 'dpp/evidence/phase6_4_cutover/20260221T120000Z/evidence.tar.gz',
  tarball_size_bytes: 24_576,
  sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  s3_bucket: 'dpp***',
  s3_key: 'evidence/cutover/phase6_4_cutover/20260221T120000Z/evidence.tar.gz',
  version_id: '3sL4kqtJlcpXroDTDmJ-rmSpXd3dIbrHY.MTRCxf3vjVBH40Nr8X8gdRQBpUMLUo',
  etag: '"d41d8cd98f00b204e9800998ecf8427e"',
  lock_mode: 'GOVERNANCE',
  retention_days: 365,
  retain_until: '2027-02-21T12:05:02Z',
  verified_lock_mode: 'GOVERNANCE',
  verified_retain_until: '2027-02-21T12:05:02Z',
  content_verified_by: 'checksum-sha256',
  seal_seq: 17,
  chain_head: '60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752',
};

export const manifestText = manifestJson(manifest);
