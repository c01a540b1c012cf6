import type { WalkedVersion } from './covered.ts';

/** A field that mentions images or has any type, but from which no image is run. */
export interface NotAnImage {
  /** The type that has the field, and its name. */
  readonly owner: string;
  readonly why: string;
  /** The only version that has it. */
  readonly only?: WalkedVersion;
}

const RUN_IN = 'what is run in an image, not which';
const POLICY = 'when an image is pulled, not which';
const STATUS = 'status: what has been pulled; it is written by the kubelet, and nothing is run from it';
const SCHEMA = 'a schema of custom resources, or a value in one';
const MARK = 'an empty object, there or not';
const DEVICE = 'for the driver of a device; the kubelet runs nothing of it';

export const NOT_IMAGES: readonly NotAnImage[] = [
  { owner: 'core.v1.Container args', why: RUN_IN },
  { owner: 'core.v1.Container command', why: RUN_IN },
  { owner: 'core.v1.Container workingDir', why: RUN_IN },
  { owner: 'core.v1.Container imagePullPolicy', why: POLICY },
  { owner: 'core.v1.EphemeralContainer args', why: RUN_IN },
  { owner: 'core.v1.EphemeralContainer command', why: RUN_IN },
  { owner: 'core.v1.EphemeralContainer workingDir', why: RUN_IN },
  { owner: 'core.v1.EphemeralContainer imagePullPolicy', why: POLICY },
  { owner: 'core.v1.ImageVolumeSource pullPolicy', why: POLICY, only: 'v1.37' },
  { owner: 'core.v1.LocalObjectReference name', why: 'a Secret; with it an image is pulled' },
  { owner: 'core.v1.VolumeMount bindMountOptions', why: 'how a volume is mounted', only: 'v1.37' },
  {
    owner: 'core.v1.PodSecurityContext supplementalGroupsPolicy',
    why: 'a word: Merge or Strict',
    only: 'v1.37',
  },
  { owner: 'core.v1.WindowsSecurityContextOptions runAsUserName', why: RUN_IN },
  { owner: 'core.v1.RBDVolumeSource image', why: 'a block device of Ceph' },
  { owner: 'core.v1.RBDPersistentVolumeSource image', why: 'a block device of Ceph' },
  { owner: 'core.v1.QuobyteVolumeSource registry', why: 'addresses of a file system' },
  {
    owner: 'core.v1.GitRepoVolumeSource repository',
    why: 'files from git; containers that run them have an image',
  },
  { owner: 'core.v1.ContainerStatus image', why: STATUS },
  { owner: 'core.v1.ContainerStatus imageID', why: STATUS },
  { owner: 'core.v1.ImageVolumeStatus imageRef', why: STATUS, only: 'v1.37' },
  { owner: 'core.v1.ContainerImage names', why: 'status of a node: what it holds' },
  { owner: 'core.v1.NodeSystemInfo osImage', why: 'status of a node: its operating system' },
  { owner: 'core.v1.PodStatus phase', why: 'a word' },
  { owner: 'core.v1.PodStatus startTime', why: 'a time' },
  {
    owner: 'apps.v1.ControllerRevision data',
    why: 'a copy of a template, kept by a controller for going back; only a controller reads it, and the pods that it makes of it are judged',
  },
  { owner: 'meta.v1.ObjectMeta finalizers', why: 'names; the registry is that of the API server' },
  { owner: 'meta.v1.ManagedFieldsEntry fieldsV1', why: 'names of fields, and no values' },
  { owner: 'node.v1.RuntimeClass handler', why: 'a runtime that a node has' },
  { owner: 'node.v1beta1.RuntimeClass handler', why: 'a runtime that a node has', only: 'v1.24' },
  { owner: 'resource.v1.AllocatedDeviceStatus data', why: DEVICE, only: 'v1.37' },
  { owner: 'resource.v1.OpaqueDeviceConfiguration parameters', why: DEVICE, only: 'v1.37' },
  { owner: 'resource.v1beta1.AllocatedDeviceStatus data', why: DEVICE, only: 'v1.37' },
  { owner: 'resource.v1beta1.OpaqueDeviceConfiguration parameters', why: DEVICE, only: 'v1.37' },
  { owner: 'resource.v1beta2.AllocatedDeviceStatus data', why: DEVICE, only: 'v1.37' },
  { owner: 'resource.v1beta2.OpaqueDeviceConfiguration parameters', why: DEVICE, only: 'v1.37' },
  { owner: 'scheduling.v1alpha3.WorkloadPodGroupDisruptionMode all', why: MARK, only: 'v1.37' },
  { owner: 'scheduling.v1alpha3.WorkloadPodGroupDisruptionMode single', why: MARK, only: 'v1.37' },
  { owner: 'scheduling.v1alpha3.WorkloadPodGroupSchedulingPolicy basic', why: MARK, only: 'v1.37' },
  { owner: 'apiserverinternal.v1alpha1.StorageVersion spec', why: MARK },
  { owner: 'apiextensions.v1.CustomResourceSubresources status', why: MARK },
  { owner: 'apiextensions.v1.JSONSchemaProps additionalItems', why: SCHEMA },
  { owner: 'apiextensions.v1.JSONSchemaProps additionalProperties', why: SCHEMA },
  { owner: 'apiextensions.v1.JSONSchemaProps default', why: SCHEMA },
  { owner: 'apiextensions.v1.JSONSchemaProps dependencies', why: SCHEMA },
  { owner: 'apiextensions.v1.JSONSchemaProps enum', why: SCHEMA },
  { owner: 'apiextensions.v1.JSONSchemaProps example', why: SCHEMA },
  { owner: 'apiextensions.v1.JSONSchemaProps items', why: SCHEMA },
];
