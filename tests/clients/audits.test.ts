import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { auditServer } from 'graphql-http';

import { Gateway } from './gateway.ts';

const gateway = await Gateway.start();
after(() => gateway.remove());

/** Number of audits of GraphQL over HTTP in the package. Fewer would prove less. */
const AUDITS = 61;

test('every audit of GraphQL over HTTP passes', async (context) => {
  const results = await auditServer({ url: gateway.url, fetchFn: fetch });
  const failed = results.flatMap((audit) => (audit.status === 'ok' ? [] : [`${audit.id} ${audit.name}: ${audit.reason}`]));
  context.diagnostic(`${results.length - failed.length} of ${results.length} audits pass`);
  assert.deepEqual(failed, []);
  assert.equal(results.length, AUDITS);
});
