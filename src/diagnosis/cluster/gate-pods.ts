import { isObject, type Fields } from '../../document/json.ts';
import { selects } from '../../wiring/label-selector.ts';

type Labels = Readonly<Record<string, string>>;

/** The labels of the pods of a Deployment. */
export function podLabelsOf(deploymentSpec: Fields): Labels {
  const template = isObject(deploymentSpec['template']) ? deploymentSpec['template'] : {};
  const metadata = isObject(template['metadata']) ? template['metadata'] : {};
  return isObject(metadata['labels']) ? (metadata['labels'] as Labels) : {};
}

/** The containers of its pods. */
export function containersOf(deploymentSpec: Fields): readonly Fields[] {
  const template = isObject(deploymentSpec['template']) ? deploymentSpec['template'] : {};
  const podSpec = isObject(template['spec']) ? template['spec'] : {};
  return Array.isArray(podSpec['containers']) ? (podSpec['containers'] as unknown[]).filter(isObject) : [];
}

/** The ports of its containers; the key is the name, or the number of a port without a name. */
export function containerPortsOf(deploymentSpec: Fields): ReadonlyMap<string, number> {
  const ports = containersOf(deploymentSpec).flatMap(({ ports: list }) => (Array.isArray(list) ? list : []));
  return new Map(
    ports
      .filter(isObject)
      .flatMap(({ name, containerPort }) =>
        typeof containerPort === 'number'
          ? [[typeof name === 'string' ? name : String(containerPort), containerPort] as const]
          : [],
      ),
  );
}

/** Whether the pod selector of a budget or a network policy selects pods with these labels. */
export function selectsPod(selector: unknown, labels: Labels): boolean {
  return isObject(selector) && selects(selector, labels);
}
