/** The staging environment of a service: deployments with a release to go back to, their configuration and secrets. */
import type { ObjectStore } from './object-store.js';
import { admitNew } from './admission.js';
import { deploymentStatus } from './deployment-status.js';
import { REVISION, type Deployment, type DraftObject, type PodTemplate, type ReplicaSet } from './objects.js';
import { withDefaults } from './pod-template.js';
import { replicaSetDraft, scaled } from './replica-sets.js';
import { resourceNamed } from './resources.js';

/** Whose environment it is. */
export interface SeededService {
  /** Its objects are named after it. */
  readonly name: string;
  readonly deployments: readonly string[];
}

export const PILOT_SERVICE: SeededService = { name: 'dpp', deployments: ['dpp-api', 'dpp-worker', 'dpp-reaper'] };

const REPLICAS = 2;

/** Fills the namespace: every deployment runs revision 2 (1.1.0) and has revision 1 (1.0.0) in its history, all settled. */
export function seedService(store: ObjectStore, namespace: string, { name: service, deployments }: SeededService): void {
  const variable = (name: string) => `${service.toUpperCase()}_${name}`;
  store.create('namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, labels: { 'kubernetes.io/metadata.name': namespace, environment: 'staging' } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  });
  store.create(
    'configmaps',
    configMap(namespace, `${service}-config`, {
      [variable('ENVIRONMENT')]: 'staging',
      [variable('PUBLIC_URL')]: `https://staging.api.${service}.example.com`,
      [variable('DATABASE_HOST')]: `db.staging.${service}.example.com`,
      [variable('QUEUE_URL')]: `https://sqs.ap-northeast-2.amazonaws.com/000000000000/${service}-staging-jobs`,
    }),
  );
  store.create(
    'configmaps',
    configMap(namespace, `${service}-feature-flags`, { 'flags.json': '{"webhook_dedup":true,"reaper_dry_run":false}' }),
  );
  store.create('secretproviderclasses', secretProviderClass(namespace, service));
  for (const name of deployments) seedDeployment(store, namespace, { name, service });
}

function seedDeployment(store: ObjectStore, namespace: string, of: { name: string; service: string }): void {
  const { name } = of;
  const former = withDefaults(podTemplate(of, '1.0.0'));
  const template = withDefaults(podTemplate(of, '1.1.0'));
  const draft = admitNew(resourceNamed('deployments'), namespace, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels: { app: name }, annotations: { [REVISION]: '2' } },
    spec: { replicas: REPLICAS, selector: { matchLabels: { app: name } }, template },
  });
  const metadata = { ...draft.metadata, generation: 2 };
  // As already observed: what is seeded has settled and starts no rollout.
  const deployment = store.create<Deployment>('deployments', { ...draft, metadata, status: { observedGeneration: 2 } });
  store.create('replicasets', replicaSetDraft(deployment, former, 1));
  const created = store.create<ReplicaSet>('replicasets', replicaSetDraft(deployment, template, 2));
  const current = store.replace('replicasets', scaled(created, { replicas: REPLICAS, ready: REPLICAS }));
  store.replace('deployments', { ...deployment, status: deploymentStatus(deployment, current, [current], 'complete') });
}

function podTemplate({ name, service }: { name: string; service: string }, version: string): PodTemplate {
  return {
    metadata: { labels: { app: name } },
    spec: {
      containers: [
        {
          name,
          image: `registry.example.com/${name}:${version}`,
          envFrom: [{ configMapRef: { name: `${service}-config` } }],
          ports: [{ containerPort: 8080, protocol: 'TCP' }],
        },
      ],
    },
  };
}

function configMap(namespace: string, name: string, data: Record<string, string>): DraftObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data };
}

function secretProviderClass(namespace: string, service: string): DraftObject {
  const secrets = ['database-url', 'stripe-webhook-secret', 'jwt-signing-key'];
  const objects = secrets.map((name) => `- objectName: "staging/${service}/${name}"\n  objectType: "secretsmanager"\n`).join('');
  return {
    apiVersion: 'secrets-store.csi.x-k8s.io/v1',
    kind: 'SecretProviderClass',
    metadata: { name: `${service}-secrets`, namespace, generation: 1 },
    spec: { provider: 'aws', parameters: { objects } },
  };
}
