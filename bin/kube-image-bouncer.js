#!/usr/bin/env node
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chooseLaunch, perform } from './launch.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
await perform(chooseLaunch(root, process.version), root, process.argv.slice(2));
