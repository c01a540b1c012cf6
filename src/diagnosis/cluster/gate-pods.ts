import { isObject, type Fields } from '../../document/json.ts';
import { selects } from '../../wiring/label-selector.ts';

type Labels = Readonly<Record<string, string>>;

/** The labels of the pods of a Deployment. */
export function podLabelsOf(deploymentSpec: Fields): Labels {
  const template = isObject(deploymentSpec['template']) ? deploymentSpec['template'] : {};
  const metadata = isObject(template['metadata']) ? template['metadata'] : {};
  return isObject(metadata['labels']) ? (metadata['labels'] as Labels) : {};
}

/** The ports of its containers; the key is the name, or the number of a port without a name. */
export function containerPortsOf(deploymentSpec: Fields): ReadonlyMap<string, number> {
  const template = isObject(deploymentSpec['template']) ? deploymentSpec['template'] : {};
  const podSpec = isObject(template['spec']) ? template['spec'] : {};
  const containers = Array.isArray(podSpec['containers']) ? (podSpec['containers'] as unknown[]) : [];
  const ports = containers.filter(isObject).flatMap(({ ports }) => (Array.isArray(ports) ? ports : []));
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
