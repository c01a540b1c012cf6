import { join } from 'node:path';
import { serviceHost } from '../wiring/names.ts';
import type { GateAddress } from './configuration.ts';

/** Absolute paths of files on a control-plane node. The API server accepts no relative paths. */
interface NodeFiles {
  readonly kubeconfig: string;
  readonly clientCertificate: string;
  readonly clientKey: string;
}

/** The paths of the API server's client files in the gate's folder on the node. */
export function nodeFilesIn(folder: string): NodeFiles {
  return {
    kubeconfig: join(folder, 'webhook-kubeconfig.yaml'),
    clientCertificate: join(folder, 'pki', 'apiserver-client.crt'),
    clientKey: join(folder, 'pki', 'apiserver-client.key'),
  };
}

/**
 * The kubeconfig with the client certificate that the API server uses for calls to the gate (E14, E15). The API
 * server reads only `users` of this file, and it selects the user whose name is the called host.
 * @see
 * https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#authenticate-apiservers
 */
export function renderWebhookKubeconfig(address: GateAddress, files: NodeFiles): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    users: [
      {
        // The host has a port only if the port is not 443.
        name: address.form === 'url' ? new URL(address.origin).host : serviceHost(address.namespace),
        user: { 'client-certificate': files.clientCertificate, 'client-key': files.clientKey },
      },
    ],
  };
}

/** The entry of `ValidatingAdmissionWebhook` in an `AdmissionConfiguration`. */
export function renderWebhookPlugin(configuration: {
  readonly kubeConfigFile?: string;
  /** Needs Kubernetes 1.36 (with a feature gate) or newer. */
  readonly staticManifestsDir?: string;
}): { readonly name: 'ValidatingAdmissionWebhook'; readonly configuration: object } {
  return {
    name: 'ValidatingAdmissionWebhook',
    configuration: {
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'WebhookAdmissionConfiguration',
      ...configuration,
    },
  };
}

/** An `AdmissionConfiguration` with only one plugin. */
export function renderAdmissionConfiguration(plugin: ReturnType<typeof renderWebhookPlugin>): object {
  return {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AdmissionConfiguration',
    plugins: [plugin],
  };
}
