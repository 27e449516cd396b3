/** A kubeconfig with one context, as `kubectl` reads it. */
import { writeFile } from 'node:fs/promises';

export interface KubeconfigTarget {
  url: string;
  context: string;
  namespace: string;
}

export async function writeKubeconfig(file: string, { url, context, namespace }: KubeconfigTarget): Promise<void> {
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
contexts:
  - name: ${context}
    context:
      cluster: ${context}
      user: ${context}-operator
      namespace: ${namespace}
`;
  await writeFile(file, text, { mode: 0o600 });
}
