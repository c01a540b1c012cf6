import { Option, type Command } from 'commander';
import type { CommandSurroundings } from './bootstrap-commands.ts';
import { applyEnvironment } from './environment.ts';

/** `certificate`, with what can be done about certificates alone. */
export function addCertificateCommands(program: Command, surroundings: CommandSurroundings): void {
  const certificate = program
    .command('certificate')
    .description('make, look at and rotate the certificates of a gate');
  addCreate(certificate, surroundings);
  addInspect(certificate, surroundings);
  addRotate(certificate, surroundings);
}

function addCreate(certificate: Command, { environment, streams, finish }: CommandSurroundings): void {
  addAuthorityOptions(
    certificate
      .command('create')
      .description('make them in a folder; what is there and good stays')
      .argument('<folder>', 'holds ca.crt, ca.key, tls.crt, tls.key; made when missing')
      .option('--host-names <names>', 'comma separated names and addresses that clients call it by'),
  )
    .option('--client-name <name>', 'make a pair of this name for the API server as well')
    .option('--force', 'private keys that can no longer be used may be overwritten')
    .hook('preAction', (command) => applyEnvironment(command, environment))
    .action(async (folder, options) =>
      finish(
        await (await import('./commands/certificate-create.ts')).createCertificates(folder, options, streams),
      ),
    );
}

function addInspect(certificate: Command, { environment, streams, finish }: CommandSurroundings): void {
  addClusterOptions(
    certificate
      .command('inspect')
      .description('say what is in files, in Secrets and at live addresses, and what is wrong with it')
      .argument('<places...>', 'files, folders, host:port, https://…, secret/NAMESPACE/NAME')
      .option('--ca-cert <file>', 'who is trusted, PEM (default: the CAs that are found beside it)')
      .addOption(
        new Option('-o, --output <format>', 'how to print').choices(['table', 'json']).default('table'),
      ),
  )
    .addHelpText('after', '\nExit code: 0 nothing wrong, 1 something wrong, 2 could not run.')
    .hook('preAction', (command) => applyEnvironment(command, environment))
    .action(async (places, options) =>
      finish(
        await (
          await import('./commands/certificate-inspect.ts')
        ).inspectCertificates(places, options, streams),
      ),
    );
}

function addRotate(certificate: Command, { environment, streams, finish }: CommandSurroundings): void {
  addClusterOptions(
    addAuthorityOptions(
      certificate
        .command('rotate')
        .description('rotate them so that no call fails: in a folder, or in the cluster')
        .option('--folder <folder>', 'where they are (default: the Secrets in the cluster)')
        .option('--address <host:port>', 'where the gate of --folder answers, for the canary')
        .option('--webhooks', 'caBundle of the webhook configurations trusts the CA of --folder as well')
        .option('--namespace <name>', 'namespace of the gate in the cluster', 'kube-image-bouncer')
        .option('--authority', 'rotate the CA as well')
        .option('--host-names <names>', 'names of the new certificate (default: those of the old one)'),
    )
      .option(
        '--delay <seconds>',
        'between a change and the next (default: 30; Secrets 120; CA without --webhooks 330)',
      )
      .option('--client-delay <seconds>', "the same after the API server's own pair", '330')
      .option('--canary-timeout <seconds>', 'how long the gate may not answer before it stops', '60')
      .option('--kubernetes-version <version>', 'of the API server; before 1.36 it reads a CA file once'),
  )
    .addHelpText('after', '\nRun it again after it was interrupted: it goes on where it stopped.')
    .hook('preAction', (command) => applyEnvironment(command, environment))
    .action(async (options) =>
      finish(await (await import('./commands/certificate-rotate.ts')).rotateCertificates(options, streams)),
    );
}

function addAuthorityOptions(command: Command): Command {
  return command
    .option('--ca-cert <file>', 'CA that signs, PEM (default: one of our own)')
    .option('--ca-key <file>', 'its private key, PEM; never copied')
    .option('--days <number>', 'life of a new certificate', '365')
    .option('--ca-days <number>', 'life of a new CA', '3650');
}

function addClusterOptions(command: Command): Command {
  return command
    .option('--kubeconfig <file>', 'which cluster (default: $KUBECONFIG, ~/.kube/config)')
    .option('--context <name>', 'context of the kubeconfig (default: the current one)');
}
