/** A kubeconfig with one context, as `kubectl` reads it. */
import { writeFile } from 'node:fs/promises';

export interface KubeconfigTarget {
  url: string;
  context: string;
  namespace: string;
  /** Whom kubectl impersonates; left out: nobody, and the cluster's administrator acts. */
  as?: string;
}

export async function writeKubeconfig(file: string, { url, context, namespace, as }: KubeconfigTarget): Promise<void> {
  const text = `apiVersion: v1
kind: Config
current-context: ${context}
clusters:
  - name: ${context}
    cluster:
      server: ${url}
users:
  - name: ${context}-operator
    user:
      token: stand-in-token
${as === undefined ? '' : `      as: ${as}\n`}contexts:
  - name: ${context}
    context:
      cluster: ${context}
      user: ${context}-operator
      namespace: ${namespace}
`;
  await writeFile(file, text, { mode: 0o600 });
}
