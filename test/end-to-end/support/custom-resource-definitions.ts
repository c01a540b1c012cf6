/** The definition of a custom resource: `spec` accepts any fields, and there are a status and a scale. */
export interface InstalledResource {
  /** `rollouts.argoproj.io` */
  readonly resource: string;
  readonly kind: string;
  /** All versions are served. The last one is stored. */
  readonly versions: readonly string[];
}

/** The CustomResourceDefinition of a resource. The fields in `spec` are not validated. */
export function definitionOf({ resource, kind, versions }: InstalledResource): object {
  const [plural = '', ...group] = resource.split('.');
  const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: resource },
    spec: {
      group: group.join('.'),
      scope: 'Namespaced',
      names: { plural, singular: kind.toLowerCase(), kind },
      versions: versions.map((name) => ({
        name,
        served: true,
        storage: name === versions.at(-1),
        schema: { openAPIV3Schema: { type: 'object', properties: { spec: open, status: open } } },
        subresources: {
          status: {},
          scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
        },
      })),
    },
  };
}
