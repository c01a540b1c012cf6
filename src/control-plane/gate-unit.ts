import { join } from 'node:path';
import { GATE_FILES, type GateArguments, NODE_FLAGS, renderGateArguments } from './gate-command.ts';

/**
 * The command that starts Node. The paths of Node and of the libraries are known only on the node. Therefore Node may
 * read all files that systemd allows. Node's other permissions are switched off.
 */
const NODE: readonly string[] = ['/usr/bin/env', 'node', ...NODE_FLAGS, '--allow-fs-read=*'];

/** The input of {@link renderGateUnit}. */
export interface GateUnitOptions extends Omit<GateArguments, 'keyFile'> {
  /** Absolute path of the program. */
  readonly program: string;
}

/**
 * The gate as a systemd unit, which starts before the kubelet and therefore before the API server. It runs as a user
 * that exists only while it runs. systemd reads the key as root and passes a copy at the start. Therefore a new *key*
 * needs a restart. A renewal makes a new certificate for the same key, and needs no restart.
 *
 * The unit does not set `MemoryDenyWriteExecute`, because V8 compiles JavaScript while it runs.
 * @see https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html
 */
export function renderGateUnit({ program, folder, ...gate }: GateUnitOptions): string {
  const args = renderGateArguments({ ...gate, folder, keyFile: '%d/tls.key' });
  const words = [...NODE, program, ...args];
  return `[Unit]
Description=kube-image-bouncer, which decides about container images
Wants=network-online.target
After=network-online.target
Before=kubelet.service

[Service]
ExecStart=${words.join(' \\\n  ')}
Restart=always
RestartSec=1
UnsetEnvironment=NODE_OPTIONS NODE_EXTRA_CA_CERTS NODE_TLS_REJECT_UNAUTHORIZED

DynamicUser=yes
LoadCredential=tls.key:${join(folder, GATE_FILES.key)}
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
PrivateTmp=yes
PrivateDevices=yes
LockPersonality=yes
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
MemoryMax=256M
TasksMax=64
OOMScoreAdjust=-900

[Install]
WantedBy=multi-user.target
`;
}
