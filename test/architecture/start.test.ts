import assert from 'node:assert/strict';
import { test } from 'node:test';
import { productionSources } from './sources.ts';

// An import of node:http evaluates all its exports. One of them loads Node's WebSocket and HTTP/2 client, which the gate
// never uses and which takes 40 ms of each start. `process.getBuiltinModule` evaluates only what is used.
test('the start of the gate does not import node:http as a module', () => {
  const importers = productionSources().flatMap(({ path, imports }) =>
    imports.some(({ specifier, typeOnly }) => specifier === 'node:http' && !typeOnly) ? [path] : [],
  );
  // The client of the API server is loaded later, and only by commands that call a cluster.
  assert.deepEqual(importers, ['src/kubernetes/connection.ts']);
});
