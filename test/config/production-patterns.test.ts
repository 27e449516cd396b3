import { expect, test } from '@jest/globals';
import { refersToProduction } from '../../src/config/production-patterns.js';

test.each([
  'prod',
  'PROD',
  'prod-db',
  'dpp-prod',
  'dpp_prod_eu',
  'api.prod.example.com',
  'secret/prod/db',
  '/pre/prod/db',
  'prod2-db',
  'production',
  'https://production.example.com/x',
  'prd-1',
  'dppProd',
  'ProdDb',
  'arn:aws:eks:ap-northeast-2:123456789012:cluster/dpp-prod',
  'nonprod and prod',
  'not-staging-prod',
])('%s refers to production', (text) => expect(refersToProduction(text)).toMatch(/^(?:prod|prd)/i));

test.each([
  '',
  'product',
  'products-db',
  'reproduce',
  'productive',
  'nonprod',
  'non-prod',
  'non_production',
  'Non-Production',
  'not production',
  'not a production database',
  'preprod',
  'pre-prod',
  'dpp-preprod-db',
  'preProd',
  'nonProd',
  'dpp-staging',
  'https://staging.api.dpp.example.com',
])('%s does not refer to production', (text) => expect(refersToProduction(text)).toBeNull());

test('the part that refers to production is told', () => {
  expect(refersToProduction('db.prod.example.com')).toBe('prod');
});
