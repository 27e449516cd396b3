import { z } from 'zod';
import type { Check } from '../../config/step-contracts.js';
import { ActorError } from '../actor.js';
import type { Kubectl } from '../kubectl.js';
import { readObjects, UnreadableObjectsError } from './object-names.js';
import { productionInText } from './production-in-text.js';

const RESOURCE = 'secretproviderclasses.secrets-store.csi.x-k8s.io';

const secretProviderClassList = z.object({
  items: z.array(
    z.object({
      kind: z.literal('SecretProviderClass'),
      metadata: z.object({ name: z.string().min(1) }),
      spec: z.object({
        parameters: z.record(z.string(), z.string()).optional(),
        secretObjects: z.unknown().optional(),
      }),
    }),
  ),
});
type SecretProviderClass = z.output<typeof secretProviderClassList>['items'][number];

/**
 * P4.3: no SecretProviderClass in the namespace takes a secret from a production path, and there is at least one whose object names
 * could all be read. A finding names object, field and the part that matched. Errors: those of `Kubectl`, but an absent CRD is a
 * failed check.
 */
export async function checkSecretProviderClasses(kubectl: Kubectl, namespace: string): Promise<{ check: Check; count: number }> {
  const name = 'P4.3 SecretProviderClasses';
  const failed = (message: string, advice: string, count = 0) => ({ count, check: { name, ok: false, message, advice } });
  const items = await list(kubectl);
  if (items === null) {
    const message = `the cluster does not know ${RESOURCE}: where staging takes its secrets from cannot be proven`;
    return failed(message, 'Install the Secrets Store CSI driver with its CRDs on staging, or correct the kube context.');
  }
  if (items.length === 0) {
    const message = `there is no SecretProviderClass in namespace ${namespace}: nothing was proven`;
    return failed(message, 'Deploy staging first, or set DPP_K8S_NAMESPACE to where it is.');
  }
  const findings = items.flatMap(findingsIn);
  if (findings.length > 0) {
    const advice = 'Point these fields at staging secrets, write `objects` as the provider documents it, and run the step again.';
    return failed(findings.join('; '), advice, items.length);
  }
  const message = `${items.length} SecretProviderClasses, every objectName was read, none is a production path`;
  return { count: items.length, check: { name, ok: true, message, advice: null } };
}

async function list(kubectl: Kubectl): Promise<SecretProviderClass[] | null> {
  try {
    return (await kubectl.get(['get', RESOURCE], secretProviderClassList)).items;
  } catch (error) {
    // A list is never "not found" but where the kind is unknown: "the server doesn't have a resource type ...".
    if (error instanceof ActorError && error.code === 'KUBECTL_NOT_FOUND') return null;
    throw error;
  }
}

function findingsIn({ metadata, spec }: SecretProviderClass): string[] {
  const at = (where: string, what: string) => `SecretProviderClass ${metadata.name}, ${where}: ${what}`;
  const { objects, ...others } = spec.parameters ?? {};
  const texts: [where: string, text: string][] = [];
  const findings: string[] = [];
  if (objects === undefined || objects.trim() === '')
    findings.push(at('parameters.objects', 'is missing or empty, no objectName can be read'));
  else {
    try {
      const entries = readObjects(objects);
      const names = entries.filter(({ key }) => key.toLowerCase() === 'objectname');
      if (names.length === 0) findings.push(at('parameters.objects', 'has no objectName'));
      for (const { line } of names.filter(({ value }) => value === ''))
        findings.push(at(`parameters.objects line ${line}`, 'objectName is empty'));
      for (const { line, key, value } of entries)
        texts.push([`parameters.objects line ${line}, ${key || 'item'}`, `${key}: ${value}`]);
    } catch (error) {
      if (!(error instanceof UnreadableObjectsError)) throw error;
      findings.push(at('parameters.objects', `cannot be read for sure: ${error.message}`));
      texts.push(['parameters.objects', withoutComments(objects)]);
    }
  }
  for (const [key, value] of Object.entries(others)) texts.push([`parameters.${key}`, withoutComments(value)]);
  texts.push(...stringsIn(spec.secretObjects, 'secretObjects'));
  for (const [where, text] of texts) {
    const part = productionInText(text);
    if (part !== null) findings.push(at(where, `points at production ("${part}")`));
  }
  return findings;
}

/** Whole lines only: what a `#` within a line means depends on the quotes around it. */
function withoutComments(text: string): string {
  return text
    .split(/\r\n|\n|\r/)
    .filter((line) => !/^\s*#/.test(line))
    .join('\n');
}

function stringsIn(value: unknown, where: string): [string, string][] {
  if (typeof value === 'string') return [[where, value]];
  if (Array.isArray(value)) return value.flatMap((item: unknown, index) => stringsIn(item, `${where}[${index}]`));
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, inner]) => stringsIn(inner, `${where}.${key}`));
  }
  return [];
}
