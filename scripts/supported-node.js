import { isSupportedNode, unsupportedNodeSentence } from '../bin/supported-node.js';

// The npm scripts start with this. Otherwise an old Node fails with an error about file extensions.
if (!isSupportedNode(process.version)) {
  process.stderr.write(`${unsupportedNodeSentence(process.version, 'checkout')}\n`);
  process.exitCode = 2;
}
