import { z } from 'zod';
import type { Check } from '../../config/step-contracts.js';
import type { Kubectl } from '../kubectl.js';
import { productionInText } from './production-in-text.js';

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
 * P4.3: no value of a ConfigMap in the namespace refers to production, and there is at least one. A finding names object, key and
 * the part that matched, never the value. Errors: those of `Kubectl`.
 */
export async function checkConfigMaps(kubectl: Kubectl, namespace: string): Promise<{ check: Check; count: number }> {
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

  const findings: string[] = [];
  let values = 0;
  let binaries = 0;
  for (const { metadata, data, binaryData } of own) {
    const texts = Object.entries(data ?? {});
    for (const [key, encoded] of Object.entries(binaryData ?? {})) {
      const text = utf8(Buffer.from(encoded, 'base64'));
      if (text === null) binaries += 1;
      else texts.push([key, text]);
    }
    values += texts.length;
    for (const [key, text] of texts) {
      const part = productionInText(text);
      if (part !== null) findings.push(`ConfigMap ${metadata.name}, key ${key}: refers to production ("${part}")`);
    }
  }
  if (findings.length > 0) {
    const advice =
      'Give these keys staging values (kubectl edit configmap, or your deployment), restart what reads them, and run the step again.';
    return { count: own.length, check: { name, ok: false, message: findings.join('; '), advice } };
  }
  const unread = binaries === 0 ? '' : `; ${binaries} binary values are no text and were not read`;
  const message = `${own.length} ConfigMaps with ${values} values, none refers to production${unread}`;
  return { count: own.length, check: { name, ok: true, message, advice: null } };
}

function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
