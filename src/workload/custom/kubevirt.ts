import { customKind, image, within, type CustomKind } from './custom-kind.ts';

const MACHINE = [
  image('volumes[*].containerDisk.image'),
  image('domain.firmware.kernelBoot.container.image'),
];

const skipped = {
  skipped: [
    {
      path: 'dataVolumeTemplates[*].spec.source.registry.url',
      why: 'a disk that is imported once; its address has another form',
    },
  ],
};

/** @see https://github.com/kubevirt/api/blob/v1.6.0/core/v1/schema.go */
export const KUBEVIRT: readonly CustomKind[] = [
  customKind(
    'virtualmachines.kubevirt.io',
    'VirtualMachine',
    [within('spec.template.spec', 'machine', () => MACHINE)],
    skipped,
  ),
  customKind('virtualmachineinstances.kubevirt.io', 'VirtualMachineInstance', [
    within('spec', 'machine', () => MACHINE),
  ]),
  customKind('virtualmachineinstancereplicasets.kubevirt.io', 'VirtualMachineInstanceReplicaSet', [
    within('spec.template.spec', 'machine', () => MACHINE),
  ]),
  customKind(
    'virtualmachinepools.pool.kubevirt.io',
    'VirtualMachinePool',
    [within('spec.virtualMachineTemplate.spec.template.spec', 'machine', () => MACHINE)],
    skipped,
  ),
];
