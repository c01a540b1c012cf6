import { isSupportedNode, unsupportedNodeSentence } from '../bin/supported-node.js';

// The npm scripts start with this: without it an old Node ends in a riddle about file extensions.
if (!isSupportedNode(process.version)) {
  process.stderr.write(`${unsupportedNodeSentence(process.version, 'checkout')}\n`);
  process.exitCode = 2;
}
