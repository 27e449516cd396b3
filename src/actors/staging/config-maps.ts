import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Settings } from '../../config/settings.js';
import type { Check } from '../../config/step-contracts.js';
import type { Kubectl } from '../kubectl.js';
import { productionInText } from './production-in-text.js';
import { textOfValue } from './text-of-value.js';

/** Source: the Kubernetes documentation of `RootCAConfigMap`; the cluster puts it into every namespace. */
const CLUSTERS_OWN = 'kube-root-ca.crt';

const configMapList = z.object({
  items: z.array(
    z.object({
      kind: z.literal('ConfigMap'),
      metadata: z.object({ name: z.string().min(1) }),
      data: z.record(z.string(), z.string()).optional(),
      binaryData: z.record(z.string(), z.base64()).optional(),
    }),
  ),
});

/**
 * P4.3: no value of a ConfigMap in the namespace refers to production, and there is at least one. A value that is no text says nothing
 * that could be checked: it fails too, unless the site vouches for its `CONFIGMAP/KEY`. A finding names object, key and the part that
 * matched, never the value. Errors: those of `Kubectl`.
 */
export async function checkConfigMaps(
  kubectl: Kubectl,
  { namespace, binaryConfigMapKeys }: Pick<Settings, 'namespace' | 'binaryConfigMapKeys'>,
): Promise<{ check: Check; count: number }> {
  const { items } = await kubectl.get(['get', 'configmaps'], configMapList);
  const own = items.filter(({ metadata }) => metadata.name !== CLUSTERS_OWN);
  const name = 'P4.3 ConfigMaps';
  if (own.length === 0) {
    const message = `there is no ConfigMap in namespace ${namespace}${items.length > 0 ? ` but the cluster's own ${CLUSTERS_OWN}` : ''}: nothing was proven`;
    return {
      count: 0,
      check: { name, ok: false, message, advice: 'Deploy staging first, or set DPP_K8S_NAMESPACE to where it is.' },
    };
  }

  const production: string[] = [];
  const unread: { shown: string; id: string }[] = [];
  const vouchedFor: string[] = [];
  let read = 0;
  for (const { configMap, key, bytes } of own.flatMap(valuesOf)) {
    const shown = `ConfigMap ${configMap}, key ${key}`;
    const id = `${configMap}/${key}`;
    const text = await textOfValue(bytes);
    if (text !== null) {
      read += 1;
      const part = productionInText(text);
      if (part !== null) production.push(`${shown}: refers to production ("${part}")`);
    } else if (binaryConfigMapKeys.includes(id)) {
      vouchedFor.push(`${shown} (SHA-256 ${createHash('sha256').update(bytes).digest('hex')})`);
    } else unread.push({ shown, id });
  }
  const vouched =
    vouchedFor.length === 0 ? '' : `; not read, but vouched for in CUTOVER_BINARY_CONFIGMAP_KEYS: ${vouchedFor.join(', ')}`;
  const findings = [
    ...production,
    ...unread.map(({ shown }) => `${shown}: is no text that can be read, what it refers to is not known`),
  ];
  if (findings.length > 0) {
    const advice = [
      ...(production.length > 0 ? [GIVE_STAGING_VALUES] : []),
      ...(unread.length > 0 ? [makeReadable(unread.map(({ id }) => id))] : []),
    ].join(' ');
    return { count: own.length, check: { name, ok: false, message: `${findings.join('; ')}${vouched}`, advice } };
  }
  const message = `${own.length} ConfigMaps with ${read} values, none refers to production${vouched}`;
  return { count: own.length, check: { name, ok: true, message, advice: null } };
}

const GIVE_STAGING_VALUES =
  'Give these keys staging values (kubectl edit configmap, or your deployment), restart what reads them, and run the step again.';

function makeReadable(unread: readonly string[]): string {
  const setting = `CUTOVER_BINARY_CONFIGMAP_KEYS="${unread.join(',')}"`;
  return `Write as UTF-8 what is text; for what must be binary, look at it, vouch for it (${setting}), and start a new run.`;
}

type ConfigMap = z.output<typeof configMapList>['items'][number];

function valuesOf({ metadata, data, binaryData }: ConfigMap): { configMap: string; key: string; bytes: Buffer }[] {
  const value = (key: string, bytes: Buffer) => ({ configMap: metadata.name, key, bytes });
  return [
    ...Object.entries(data ?? {}).map(([key, text]) => value(key, Buffer.from(text))),
    ...Object.entries(binaryData ?? {}).map(([key, encoded]) => value(key, Buffer.from(encoded, 'base64'))),
  ];
}
