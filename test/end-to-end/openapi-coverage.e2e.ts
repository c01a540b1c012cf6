import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { openCluster } from '../../src/kubernetes/config.ts';
import { compare, type Lists } from '../openapi/coverage.ts';
import { COVERED_FIELDS, COVERED_KINDS } from '../openapi/covered.ts';
import { findImageFields, type ImageField, type OpenApi } from '../openapi/image-fields.ts';
import { NOT_IMAGES } from '../openapi/not-images.ts';
import { startControlPlane } from './support/control-plane.ts';
import { scenario, shared } from './support/scenario.ts';

const lists: Lists = { kinds: COVERED_KINDS, fields: COVERED_FIELDS, notImages: NOT_IMAGES };

for (const version of ['v1.24', 'v1.37'] as const) {
  describe(`every field of ${version} that could hold an image`, () => {
    const cluster = shared(async () =>
      // Some clusters serve alpha kinds already, and later all clusters may serve them.
      startControlPlane({
        environment: process.env,
        version,
        apiServer: { flags: ['--runtime-config=api/all=true'] },
      }),
    );
    const fieldsOf = async (): Promise<readonly ImageField[]> => {
      const client = await openCluster({ kubeconfig: cluster().kubeconfig });
      const { document } = await client.send({ method: 'GET', path: '/openapi/v2' });
      return findImageFields(document as OpenApi);
    };

    scenario('A11 is found by the gate, or is in the list of fields without an image', async () => {
      const fields = await fieldsOf();
      assert.ok(fields.length > 400, `${fields.length} fields`);
      assert.deepEqual(compare(fields, lists, version), []);
    });

    scenario('A11 control: if any row of the lists is removed, a field is missing', async () => {
      const fields = await fieldsOf();
      for (const list of ['kinds', 'fields', 'notImages'] as const) {
        for (const row of lists[list]) {
          if (row.only !== undefined && row.only !== version) continue;
          const fewer = { ...lists, [list]: (lists[list] as readonly object[]).filter((one) => one !== row) };
          assert.notDeepEqual(compare(fields, fewer, version), [], JSON.stringify(row));
        }
      }
    });
  });
}
