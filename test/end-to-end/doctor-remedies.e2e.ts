import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'node:test';
import { openCluster } from '../../src/kubernetes/config.ts';
import { findBinaries, newestKubernetes } from '../control-plane/binaries.ts';
import { program } from '../serve/gate-process.ts';
import { CONFIGURATION, runDoctor, type DoctorAnswer } from './support/doctor-cluster.ts';
import { WEBHOOK_FAULTS } from './support/doctor-faults.ts';
import { aboveNotes, untilFound } from './support/doctor-verdict.ts';
import { runCommand, type CommandResult } from './support/processes.ts';
import { scenario, shared } from './support/scenario.ts';
import { assertAdmitted } from './support/stage.ts';
import { openWiredCluster, type WiredCluster } from './support/wired-cluster.ts';

const GOOD = '--good-image=nginx:1.17.1';

/** Faults that change the target of a Service. This gate is called by its address. */
const OTHER_FORM = new Set([
  'no webhook configuration',
  'failurePolicy Fail at stage warn',
  'a path that the gate does not serve',
]);

describe('the remedies of doctor work', () => {
  const cluster = shared(async () => {
    const opened = await openWiredCluster({ environment: process.env, version: newestKubernetes });
    assertAdmitted(await opened.bootstrap('--apply'));
    await writePrograms(opened);
    return opened;
  });
  const doctor = (): Promise<DoctorAnswer> => runDoctor(cluster().controlPlane.kubeconfig, [GOOD]);

  scenario('a cluster that bootstrap has wired is healthy', async () => {
    await untilFound([], doctor);
  });

  for (const { title, change } of WEBHOOK_FAULTS.filter((fault) => !OTHER_FORM.has(fault.title))) {
    scenario(`after ${title}`, async () => {
      const client = await openCluster({ kubeconfig: cluster().controlPlane.kubeconfig });
      const before = await client.get(CONFIGURATION);
      const changed = before && change(before);
      assert.ok(changed !== undefined);
      await client.replace(changed);
      // A fault that only a trial shows disappears with the other faults.
      const { findings } = await doctor();
      const remedies = findings.flatMap(({ severity, remedy }) =>
        severity === 'note' || remedy.startsWith('fix the other faults') ? [] : [remedy],
      );
      assert.ok(remedies.length > 0, 'something is found');
      for (const remedy of new Set(remedies)) assertAdmitted(await paste(cluster(), remedy));
      const mended = await untilFound([], doctor);
      assert.deepEqual(aboveNotes(mended), []);
    });
  }
});

/** `kubectl` and `kube-image-bouncer` in a separate PATH. */
async function writePrograms({ controlPlane }: WiredCluster): Promise<void> {
  const { kubectl } = await findBinaries(process.env, newestKubernetes);
  const folder = join(controlPlane.folder, 'bin');
  await mkdir(folder);
  const programs = {
    kubectl: `"${kubectl}" "$@"`,
    'kube-image-bouncer': `"${process.execPath}" "${program}" "$@"`,
  };
  for (const [name, command] of Object.entries(programs)) {
    await writeFile(join(folder, name), `#!/bin/sh\nexec ${command}\n`);
    await chmod(join(folder, name), 0o755);
  }
}

/** Runs a command as a user would, after filling in its one placeholder. */
async function paste({ controlPlane, authorityFile }: WiredCluster, remedy: string): Promise<CommandResult> {
  return runCommand('/bin/sh', ['-c', remedy.replace('--ca-cert FILE', `--ca-cert ${authorityFile}`)], {
    environment: {
      PATH: `${join(controlPlane.folder, 'bin')}:${process.env['PATH'] ?? ''}`,
      HOME: controlPlane.folder,
      KUBECONFIG: controlPlane.kubeconfig,
    },
    timeoutMs: 60_000,
  });
}
