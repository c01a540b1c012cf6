import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAuthority } from '../../../src/certificate/authority.ts';
import type { KubernetesVersion } from '../../control-plane/binaries.ts';
import type { CommandResult } from './processes.ts';
import { assertAdmitted } from './stage.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';
import { openWiredCluster, type WiredCluster } from './wired-cluster.ts';

/** A user as the API server sees it: the common name and the organizations of a client certificate. */
export interface Person {
  readonly name: string;
  readonly groups: readonly string[];
}

/** A cluster that authorizes its nodes as real clusters do. It accepts a client certificate for any user. */
interface PeopledCluster extends WiredCluster {
  /** kubectl with a client certificate. */
  readonly as: (
    person: Person,
    commandArguments: readonly string[],
    object?: object,
  ) => Promise<CommandResult>;
  /** Gives all permissions to the user with this name, regardless of the user's groups. */
  readonly empower: (name: string) => Promise<void>;
}

/** Starts a cluster whose API server has the Node authorizer and `NodeRestriction`. */
export async function openPeopledCluster(version: KubernetesVersion): Promise<PeopledCluster> {
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(await makeTemporaryFolder('people')).path;
  const validity = { notBefore: new Date(), days: 1 };
  const authority = await createAuthority({ commonName: 'people', ...validity });
  const authorityFile = join(folder, 'clients.crt');
  await writeFile(authorityFile, authority.certificate);
  const flags = [
    `--client-ca-file=${authorityFile}`,
    '--authorization-mode=Node',
    '--enable-admission-plugins=NodeRestriction',
  ];
  const cluster = parts.use(
    await openWiredCluster({ environment: process.env, version, apiServer: { flags } }),
  );
  const { kubectl, kubeconfig } = cluster.controlPlane;
  const known = JSON.parse(await readFile(kubeconfig, 'utf8')) as object;
  const kubeconfigs = new Map<string, string>();
  const kubeconfigOf = async ({ name, groups }: Person): Promise<string> => {
    const key = [name, ...groups].join('+').replaceAll(':', '-');
    const file = kubeconfigs.get(key) ?? join(folder, key);
    if (!kubeconfigs.has(key)) {
      const pair = await authority.issueClient({ commonName: name, organizations: groups, ...validity });
      const user = {
        'client-certificate-data': Buffer.from(pair.certificate).toString('base64'),
        'client-key-data': Buffer.from(pair.key).toString('base64'),
      };
      await writeFile(file, JSON.stringify({ ...known, users: [{ name: 'admin', user }] }), { mode: 0o600 });
      kubeconfigs.set(key, file);
    }
    return file;
  };
  const owned = parts.move();
  return {
    ...cluster,
    as: async (person, commandArguments, object) =>
      kubectl([`--kubeconfig=${await kubeconfigOf(person)}`, ...commandArguments], {
        ...(object !== undefined && { stdin: JSON.stringify(object) }),
      }),
    empower: async (name) => {
      const binding = name.replaceAll(':', '-');
      assertAdmitted(
        await kubectl([
          'create',
          'clusterrolebinding',
          binding,
          '--clusterrole=cluster-admin',
          `--user=${name}`,
        ]),
      );
    },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}
