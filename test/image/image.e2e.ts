import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { HEALTH_PORT, REVIEW_PORT } from '../../src/wiring/names.ts';
import { buildUnpacked, context, EPOCH, image, REVISION } from './built-image.ts';

describe('the image', () => {
  it('runs as user 65532, by number', async () => {
    assert.equal((await image).configuration.config.User, '65532:65532');
  });

  it('starts Node with the bundle, without a shell and without a default command', async () => {
    const { Entrypoint: entrypoint = [], Cmd: command } = (await image).configuration.config;
    assert.equal(entrypoint[0], '/usr/bin/node');
    assert.equal(entrypoint.at(-1), '/app/dist/main.js');
    assert.equal(command, undefined);
  });

  it('has only PATH in its environment', async () => {
    const { Env: variables = [] } = (await image).configuration.config;
    assert.deepEqual(
      variables.map((variable) => variable.split('=')[0]),
      ['PATH'],
    );
  });

  it('exposes the ports of the program and of the Deployment, and no volume', async () => {
    const { ExposedPorts: ports = {}, Volumes: volumes } = (await image).configuration.config;
    const expected = [1323, 1324, REVIEW_PORT, HEALTH_PORT].map((port) => `${port}/tcp`);
    assert.deepEqual(Object.keys(ports).toSorted(), expected.toSorted());
    assert.equal(volumes, undefined);
  });

  it('has labels with its title, version and commit, and a creation date', async () => {
    const { created, config } = (await image).configuration;
    const { version } = JSON.parse(await readFile(join(context, 'package.json'), 'utf8')) as {
      readonly version: string;
    };
    assert.equal(Date.parse(created), EPOCH * 1000);
    const labels = Object.entries(config.Labels ?? {}).flatMap(([name, value]) => {
      const [, key] = /^org\.opencontainers\.image\.(.+)$/.exec(name) ?? [];
      return key === undefined ? [] : [[key, value] as const];
    });
    assert.deepEqual(Object.fromEntries(labels), {
      title: 'kube-image-bouncer',
      description: 'One policy decides about every container image that enters a Kubernetes cluster',
      licenses: 'Apache-2.0',
      version,
      revision: REVISION,
    });
  });

  it('names the commit of the build, even if nothing else has changed', async () => {
    const revision = '0000000000000000000000000000000000000002';
    const { configuration, layers } = await buildUnpacked(context, { revision });
    assert.equal(configuration.config.Labels?.['org.opencontainers.image.revision'], revision);
    assert.deepEqual(layers, (await image).layers);
  });

  it('contains no shell, no package manager, no setuid file and no writable file', async () => {
    assert.deepEqual((await image).findings, []);
  });

  it('has three layers with less than 60 MiB, and only the last one changes with the sources', async () => {
    const { layers } = await image;
    assert.equal(layers.length, 3);
    const bytes = layers.reduce((sum, { size }) => sum + size, 0);
    assert.ok(bytes < 60 * 1024 * 1024, `${bytes} bytes`);
    assert.ok((layers[2]?.size ?? 0) < 2 * 1024 * 1024);
  });

  it('is identical when every step runs again', async () => {
    assert.equal((await buildUnpacked(context, { afresh: true })).digest, (await image).digest);
  });
});
