import { describe } from 'node:test';
import { clusterReports } from '#test/cluster-findings.ts';

describe('the whole examination of a cluster', () => {
  clusterReports([], 'a healthy cluster', {});
  clusterReports(['NOT_EXAMINED'], 'an object that doctor may not read', {
    unread: [{ subject: 'every Namespace', reason: 'forbidden' }],
  });
});
