import { describe } from 'node:test';
import { scenario, shared } from './support/scenario.ts';
import { assertAdmitted, assertRefused, openStage } from './support/stage.ts';
import { podRules, unwireWebhook, webhookName } from './support/wirings.ts';

for (const version of ['v1.24', 'v1.37'] as const) {
  describe(`a gate that does not run, on ${version}`, () => {
    const stage = shared(async () => {
      const opened = await openStage({ environment: process.env, version });
      await opened.gate.stop();
      return opened;
    });

    scenario('with failurePolicy Fail, pods are refused with an internal error', async () => {
      const kubectl = await stage().namespace('fail');
      await stage().wireWebhook({ rules: podRules, failurePolicy: 'Fail' });
      assertRefused(
        await kubectl(['run', 'web', '--image=nginx:1.17.1']),
        `Error from server (InternalError): Internal error occurred: failed calling webhook "${webhookName}"`,
      );
    });

    scenario('with failurePolicy Ignore, pods are admitted', async () => {
      const kubectl = await stage().namespace('ignore');
      await stage().wireWebhook({ rules: podRules, failurePolicy: 'Ignore' });
      assertAdmitted(await kubectl(['run', 'web', '--image=nginx']));
    });

    scenario('with defaultAllow false, pods are refused', async () => {
      await unwireWebhook(stage().controlPlane);
      const kubectl = await stage().namespace('default-deny');
      await stage().wireImagePolicy({ defaultAllow: false });
      assertRefused(
        await kubectl(['run', 'web', '--image=nginx:1.17.1']),
        'Error from server (Forbidden): pods "web" is forbidden: ',
        '/image_policy?timeout=30s": ',
      );
    });

    scenario('with defaultAllow true, pods are admitted', async () => {
      await unwireWebhook(stage().controlPlane);
      const kubectl = await stage().namespace('default-allow');
      await stage().wireImagePolicy({ defaultAllow: true });
      assertAdmitted(await kubectl(['run', 'web', '--image=nginx']));
    });
  });
}
