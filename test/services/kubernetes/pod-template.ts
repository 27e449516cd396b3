/** Pod templates: the defaults that the API server writes into one, when two are equal, and the hash that names a ReplicaSet. */
import { createHash } from 'node:crypto';
import { TEMPLATE_HASH, type PodTemplate } from './objects.js';

/**
 * The template with the API server's defaults in it.
 *
 * Clients send the same template in different spellings (kubectl's typed client adds `creationTimestamp: null` and
 * `resources: {}`), so without defaulting an undo to the same template would look like a new one.
 */
export function withDefaults(template: PodTemplate): PodTemplate {
  return {
    metadata: { ...template.metadata, creationTimestamp: null },
    spec: {
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      securityContext: {},
      schedulerName: 'default-scheduler',
      ...template.spec,
      containers: template.spec.containers.map((container) => ({
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        imagePullPolicy: 'IfNotPresent',
        ...container,
      })),
    },
  };
}

/** Kubernetes' EqualIgnoreHash: the label that the controller itself adds is not part of the comparison. */
export function sameTemplate(one: PodTemplate, other: PodTemplate): boolean {
  return canonical(withoutHash(one)) === canonical(withoutHash(other));
}

/** A deterministic pod-template-hash, in the vowel-free alphabet that Kubernetes writes names with. */
export function templateHash(template: PodTemplate): string {
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
  const digest = createHash('sha256')
    .update(canonical(withoutHash(template)))
    .digest();
  return [...digest.subarray(0, 10)].map((byte) => alphabet[byte % alphabet.length]).join('');
}

export function withHash(template: PodTemplate, hash: string): PodTemplate {
  return { ...template, metadata: { ...template.metadata, labels: { ...template.metadata.labels, [TEMPLATE_HASH]: hash } } };
}

function withoutHash(template: PodTemplate): PodTemplate {
  const labels = { ...template.metadata.labels };
  delete labels[TEMPLATE_HASH];
  return { ...template, metadata: { ...template.metadata, labels } };
}

export function imagesOf(template: PodTemplate): string {
  return template.spec.containers.map((container) => container.image).join(',');
}

/** JSON with sorted keys, so that equal values are equal text. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) =>
    typeof field === 'object' && field !== null && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)))
      : field,
  );
}
