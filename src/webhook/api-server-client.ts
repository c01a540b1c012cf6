import { join } from 'node:path';
import { serviceHost } from '../wiring/names.ts';
import type { GateAddress } from './configuration.ts';

/** Where the files of a control-plane node are: absolute, for the API server takes no other paths. */
export interface NodeFiles {
  readonly kubeconfig: string;
  readonly clientCertificate: string;
  readonly clientKey: string;
}

/** Where the node's own folder has those files. */
export function nodeFilesIn(folder: string): NodeFiles {
  return {
    kubeconfig: join(folder, 'webhook-kubeconfig.yaml'),
    clientCertificate: join(folder, 'pki', 'apiserver-client.crt'),
    clientKey: join(folder, 'pki', 'apiserver-client.key'),
  };
}

/**
 * The kubeconfig by which the API server proves to the gate who it is (E14, E15). Only its users count, and they are
 * looked up by the name of the host that is called.
 * @see https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#authenticate-apiservers
 */
export function renderWebhookKubeconfig(address: GateAddress, files: NodeFiles): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    users: [
      {
        // A Service's port 443 is left out there as in a URL.
        name: address.form === 'url' ? new URL(address.origin).host : serviceHost(address.namespace),
        user: { 'client-certificate': files.clientCertificate, 'client-key': files.clientKey },
      },
    ],
  };
}

/** The plugin's part of an `AdmissionConfiguration`. */
export function renderWebhookPlugin(configuration: {
  readonly kubeConfigFile?: string;
  /** 1.36 (behind a feature gate) and newer. */
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

/** An `AdmissionConfiguration` of that plugin alone. */
export function renderAdmissionConfiguration(plugin: ReturnType<typeof renderWebhookPlugin>): object {
  return {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AdmissionConfiguration',
    plugins: [plugin],
  };
}
