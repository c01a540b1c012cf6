import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findFlagFaults } from './admission-flag-faults.ts';
import { parseApiServerManifest } from './api-server-manifest.ts';
import { wireApiServer } from './api-server-wiring.ts';

function manifest(flags: readonly string[]): string {
  return JSON.stringify({
    kind: 'Pod',
    spec: { containers: [{ name: 'kube-apiserver', command: ['kube-apiserver', '--v=2', ...flags] }] },
  });
}

const WIRING = { configurationFile: '/gate/a.yaml', folder: '/gate', fingerprint: 'f' };

describe('X02 a flag with which kube-apiserver does not start is named, and bootstrap changes nothing', () => {
  const CASES: readonly (readonly [flags: readonly string[], sentence: RegExp])[] = [
    [
      ['--enable-admission-plugins=NodeRestriction,ImagePolicyWebHook'],
      /no plugin ImagePolicyWebHook \(write ImagePolicyWebhook\)/,
    ],
    [['--disable-admission-plugins', 'podsecurity'], /no plugin podsecurity \(write PodSecurity\)/],
    [
      ['--enable-admission-plugins=NodeRestriction, ImagePolicyWebhook'],
      /a blank belongs to the name of the plugin " ImagePolicyWebhook"/,
    ],
    [['--enable-admission-plugins=NodeRestriction,'], /an empty plugin \(remove the comma\)/],
    [
      ['--admission-controller-config-file=/a.yaml'],
      /no flag --admission-controller-config-file \(write --admission-control-config-file\)/,
    ],
    [
      ['--enable-admission-plugin=A'],
      /no flag --enable-admission-plugin \(write --enable-admission-plugins\)/,
    ],
    [['-enable-admission-plugins=A'], /begin with two dashes/],
    [['--admission-control-config-file'], /--admission-control-config-file has no value/],
    [
      ['--admission-control=NodeRestriction', '--enable-admission-plugins=PodSecurity'],
      /--admission-control is not allowed beside/,
    ],
  ];
  for (const [flags, sentence] of CASES)
    it(flags.join(' '), () => {
      const [fault] = findFlagFaults(parseApiServerManifest(manifest(flags), 'm.json'));
      assert.match(fault?.sentence ?? '', sentence);
      assert.match(fault?.place ?? '', /^m\.json:1:\d+$/);
      assert.throws(() => wireApiServer(manifest(flags), 'm.json', WIRING), {
        code: 'API_SERVER_MANIFEST_INVALID',
        message: sentence,
      });
    });

  it('other flags and plugins have no fault', () => {
    const flags = [
      '--enable_admission_plugins=Priority',
      '--enable-admission-plugins',
      'example.com/Other',
      '-v=2',
    ];
    assert.deepEqual(findFlagFaults(parseApiServerManifest(manifest(flags), 'm.json')), []);
  });

  it('a flag takes the next item as its value, also if this looks like a flag', () => {
    const { flags } = parseApiServerManifest(
      manifest(['--admission-control-config-file', '--enable-admission-plugins=A']),
      'm.json',
    );
    assert.deepEqual(
      flags.map(({ name, value }) => [name, value]),
      [
        ['v', '2'],
        ['admission-control-config-file', '--enable-admission-plugins=A'],
      ],
    );
  });
});
