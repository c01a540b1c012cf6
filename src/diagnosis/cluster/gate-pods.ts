import { isObject, type Fields } from '../../document/json.ts';
import { selects } from '../webhook/label-selector.ts';

type Labels = Readonly<Record<string, string>>;

/** Labels of the pods that a Deployment makes. */
export function podLabelsOf(deploymentSpec: Fields): Labels {
  const template = isObject(deploymentSpec['template']) ? deploymentSpec['template'] : {};
  const metadata = isObject(template['metadata']) ? template['metadata'] : {};
  return isObject(metadata['labels']) ? (metadata['labels'] as Labels) : {};
}

/** Ports that its containers listen on, by name and by number. */
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

/** Whether a selector of pods, as budgets and network policies have it, selects pods with these labels. */
export function selectsPod(selector: unknown, labels: Labels): boolean {
  return isObject(selector) && selects(selector, labels);
}
