import { join } from 'node:path';
import { createAuthority } from '../../src/certificate/authority.ts';
import { renderDeployment } from '../../src/webhook/gate-deployment.ts';
import { GATE_NAME } from '../../src/wiring/names.ts';
import { makeTemporaryFolder } from '../end-to-end/support/temporary-folder.ts';
import { image } from './built-image.ts';
import { startContainedGate, startContainer, type ContainedGate, type Container } from './container.ts';
import { mountVolume, type MountedVolume } from './mounted-volume.ts';
import { podSpecOf, runtimeSpecOf, type PodSurroundings } from './pod-container.ts';

/** The image as the Deployment of `bootstrap webhook` runs it, with volumes as the kubelet mounts them. */
interface Pod {
  /** The CA that clients of the gate trust. */
  readonly authority: string;
  readonly policy: MountedVolume;
  /** Starts the gate on free ports. The arguments are appended to those of the Deployment. */
  readonly serve: (...args: readonly string[]) => Promise<ContainedGate>;
  /** The same with the built-in policy. */
  readonly serveWithoutPolicy: () => Promise<ContainedGate>;
  /** Starts another program in such a container. */
  readonly start: (instead: Omit<PodSurroundings, 'image' | 'volumes'>) => Promise<Container>;
}

/** On free ports of the host. SIGTERM ends it without a drain. */
const AT_ONCE = ['--port=0', '--health-port=0', '--drain=0'];

/** The flags of `bootstrap webhook`. */
const podSpec = podSpecOf(
  renderDeployment({ namespace: GATE_NAME, image: GATE_NAME, replicas: 3, client: undefined }),
);

/** Makes the volumes of a pod with this policy. */
export async function makePod(policyText: string): Promise<Pod> {
  const { path: folder } = await makeTemporaryFolder('volumes');
  const validity = { notBefore: new Date(Date.now() - 3_600_000), days: 2 };
  const authority = await createAuthority({ commonName: 'gates', ...validity });
  const { certificate, key } = await authority.issueServing({
    commonName: 'gate',
    dnsNames: ['localhost'],
    ipAddresses: [],
    ...validity,
  });
  const group = podSpec.securityContext.fsGroup ?? 0;
  const secret = { 'tls.crt': certificate, 'tls.key': key, 'ca.crt': authority.certificate };
  const tls = await mountVolume(join(folder, 'tls'), secret, { group, mode: 0o440 });
  const policy = await mountVolume(
    join(folder, 'policy'),
    { 'policy.yaml': policyText },
    { group, mode: 0o644 },
  );
  const volumes = { tls: tls.folder, policy: policy.folder };
  const specificationOf = async (instead: Omit<PodSurroundings, 'image' | 'volumes'>): Promise<object> =>
    runtimeSpecOf(podSpec, { image: await image, volumes, ...instead });
  return {
    authority: authority.certificate,
    policy,
    serve: async (...args) => startContainedGate(await specificationOf({ args: [...AT_ONCE, ...args] })),
    serveWithoutPolicy: async () => {
      const given = podSpec.containers[0].args.filter((arg) => !arg.startsWith('--policy='));
      return startContainedGate(await specificationOf({ onlyArgs: [...given, ...AT_ONCE] }));
    },
    start: async (instead) => startContainer(await specificationOf(instead)),
  };
}
