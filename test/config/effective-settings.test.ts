import { describe, expect, test } from '@jest/globals';
import { effectiveSettings, type FoundSiteFile, type SettingSources } from '../../src/config/effective-settings.js';
import { PILOT_SITE } from '../../src/config/site.js';

const FILE: FoundSiteFile = {
  path: '/repository/cutover.config.yaml',
  shown: 'cutover.config.yaml',
  variables: { DPP_WORM_BUCKET: 'from-file', CUTOVER_TSA_URL: 'https://file.example.com', CUTOVER_CHANGE_TICKET: 'FILE-1' },
  site: { service: 'orders', keyFolder: 'orders_cutover' },
  evidenceRoot: null,
  lines: { service: 2, key_folder: 3, 'worm.bucket': 5, tsa_url: 6, change_ticket: 7, evidence_root: 8 },
};
const settings = (given: Partial<SettingSources> = {}) =>
  effectiveSettings({ directory: '/repository', file: FILE, env: {}, flags: {}, ...given });

describe('what counts', () => {
  test('without anything is the pilot, and nothing has an origin', () => {
    expect(settings({ file: null })).toEqual({
      variables: {},
      site: PILOT_SITE,
      evidenceRoot: '/repository/dpp/evidence/phase6_4_cutover',
      configFile: null,
      origins: {},
    });
  });

  test('is the file before the default', () => {
    const { variables, site, evidenceRoot, configFile, origins } = settings();
    expect(variables).toEqual(FILE.variables);
    expect(site).toEqual({ ...PILOT_SITE, service: 'orders', keyFolder: 'orders_cutover' });
    expect(evidenceRoot).toBe('/repository/dpp/evidence/orders_cutover');
    expect(configFile).toBe(FILE.path);
    expect(origins).toEqual({
      service: { from: 'file', where: 'cutover.config.yaml:2' },
      key_folder: { from: 'file', where: 'cutover.config.yaml:3' },
      'worm.bucket': { from: 'file', where: 'cutover.config.yaml:5' },
      tsa_url: { from: 'file', where: 'cutover.config.yaml:6' },
      change_ticket: { from: 'file', where: 'cutover.config.yaml:7' },
    });
  });

  test('is the environment before the file, unless it is blank', () => {
    const { variables, origins } = settings({ env: { DPP_WORM_BUCKET: 'from-env', CUTOVER_TSA_URL: ' ', AWS_REGION: '' } });
    expect(variables).toMatchObject({ DPP_WORM_BUCKET: 'from-env', CUTOVER_TSA_URL: 'https://file.example.com', AWS_REGION: '' });
    expect(origins).toMatchObject({ 'worm.bucket': { from: 'env', where: 'DPP_WORM_BUCKET' }, tsa_url: { from: 'file' } });
    expect(origins).not.toHaveProperty(['aws.region']);
  });

  test('is an option before the environment', () => {
    const env = { CUTOVER_TSA_URL: 'https://env.example.com', CUTOVER_CHANGE_TICKET: 'ENV-1' };
    const flags = { tsa: 'https://flag.example.com', ticket: 'FLAG-1', evidenceRoot: 'kept' };
    const { variables, evidenceRoot, origins } = settings({ env, flags, file: { ...FILE, evidenceRoot: 'filed' } });
    expect(variables).toMatchObject({ CUTOVER_TSA_URL: 'https://flag.example.com', CUTOVER_CHANGE_TICKET: 'FLAG-1' });
    expect(evidenceRoot).toBe('/repository/kept');
    expect(origins).toMatchObject({
      tsa_url: { from: 'flag', where: '--tsa' },
      change_ticket: { from: 'flag', where: '--ticket' },
      evidence_root: { from: 'flag', where: '--evidence-root' },
    });
  });

  test('of the evidence root is what the file names, from the directory', () => {
    const { evidenceRoot, origins } = settings({ file: { ...FILE, evidenceRoot: 'kept' } });
    expect(evidenceRoot).toBe('/repository/kept');
    expect(origins['evidence_root']).toEqual({ from: 'file', where: 'cutover.config.yaml:8' });
  });
});
