import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Settings, World } from '../../config/settings.js';
import { ActorError } from '../actor.js';
import { createKubectl } from '../kubectl.js';
import type { ProcessOwner } from '../process/run-process.js';
import { withScratchDirectory } from '../scratch-directory.js';

const kubeconfig = z.looseObject({
  'current-context': z.string(),
  contexts: z.array(z.looseObject({ name: z.string() })).length(1),
  clusters: z.array(z.looseObject({ cluster: z.looseObject({ server: z.string() }) })).length(1),
});

/**
 * Calls `use` with a kubeconfig that holds nothing but the run's context, so that a script of the repository cannot reach another
 * cluster by a wrong name. The file has the credentials in it: mode 0600 in a directory of its own, deleted afterwards, never
 * logged. Errors: STAGING_KUBECONFIG when it is not the one context on the run's server; TMPDIR_UNUSABLE; those of `Kubectl`.
 */
export async function withSingleContextKubeconfig<T>(
  owner: ProcessOwner,
  { settings, world }: { readonly settings: Settings; readonly world: World },
  use: (file: string) => Promise<T>,
): Promise<T> {
  const kubectl = createKubectl(owner, { context: world.kubeContext, server: world.kubeServer, namespace: settings.namespace });
  const text = await kubectl.run(['config', 'view', '--minify', '--flatten', '--raw', '-o', 'json']);
  const server = serverOf(text);
  if (server !== world.kubeServer) {
    throw new ActorError(
      'STAGING_KUBECONFIG',
      `The kube context ${world.kubeContext} now leads to ${server ?? 'no single server'}, the run was started on ${world.kubeServer}. ` +
        'The script was not run. Correct the kubeconfig, then run the step again.',
    );
  }
  return withScratchDirectory('kubeconfig', async (directory) => {
    const file = join(directory, 'config');
    await writeFile(file, text, { mode: 0o600, flag: 'wx' });
    return use(file);
  });
}

/** Null for what is not a kubeconfig with one context; its text has credentials in it and must not be in a message. */
function serverOf(text: string): string | null {
  try {
    return kubeconfig.parse(JSON.parse(text)).clusters[0]?.cluster.server ?? null;
  } catch {
    return null;
  }
}
