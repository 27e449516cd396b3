/** The staging environment of the pilot: three deployments with a release to go back to, their configuration and secrets. */
import type { ObjectStore } from './object-store.js';
import { admitNew } from './admission.js';
import { deploymentStatus } from './deployment-status.js';
import { REVISION, type Deployment, type DraftObject, type PodTemplate, type ReplicaSet } from './objects.js';
import { withDefaults } from './pod-template.js';
import { replicaSetDraft, scaled } from './replica-sets.js';
import { resourceNamed } from './resources.js';

const PILOT_DEPLOYMENTS = ['dpp-api', 'dpp-worker', 'dpp-reaper'] as const;

const REPLICAS = 2;

/** Fills the namespace: every deployment runs revision 2 (1.1.0) and has revision 1 (1.0.0) in its history, all settled. */
export function seedPilot(store: ObjectStore, namespace: string): void {
  store.create('namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, labels: { 'kubernetes.io/metadata.name': namespace, environment: 'staging' } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  });
  store.create(
    'configmaps',
    configMap(namespace, 'dpp-config', {
      DPP_ENVIRONMENT: 'staging',
      DPP_PUBLIC_URL: 'https://staging.api.dpp.example.com',
      DPP_DATABASE_HOST: 'db.staging.dpp.example.com',
      DPP_QUEUE_URL: 'https://sqs.ap-northeast-2.amazonaws.com/000000000000/dpp-staging-jobs',
    }),
  );
  store.create(
    'configmaps',
    configMap(namespace, 'dpp-feature-flags', { 'flags.json': '{"webhook_dedup":true,"reaper_dry_run":false}' }),
  );
  store.create('secretproviderclasses', secretProviderClass(namespace));
  for (const name of PILOT_DEPLOYMENTS) seedDeployment(store, namespace, name);
}

function seedDeployment(store: ObjectStore, namespace: string, name: string): void {
  const former = withDefaults(podTemplate(name, '1.0.0'));
  const template = withDefaults(podTemplate(name, '1.1.0'));
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

function podTemplate(name: string, version: string): PodTemplate {
  return {
    metadata: { labels: { app: name } },
    spec: {
      containers: [
        {
          name,
          image: `registry.example.com/${name}:${version}`,
          envFrom: [{ configMapRef: { name: 'dpp-config' } }],
          ports: [{ containerPort: 8080, protocol: 'TCP' }],
        },
      ],
    },
  };
}

function configMap(namespace: string, name: string, data: Record<string, string>): DraftObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data };
}

function secretProviderClass(namespace: string): DraftObject {
  const secrets = ['database-url', 'stripe-webhook-secret', 'jwt-signing-key'];
  const objects = secrets.map((name) => `- objectName: "staging/dpp/${name}"\n  objectType: "secretsmanager"\n`).join('');
  return {
    apiVersion: 'secrets-store.csi.x-k8s.io/v1',
    kind: 'SecretProviderClass',
    metadata: { name: 'dpp-secrets', namespace, generation: 1 },
    spec: { provider: 'aws', parameters: { objects } },
  };
}
