import assert from "node:assert/strict";
import { after, test } from "node:test";

import { Gateway } from "./gateway.ts";

const gateway = await Gateway.start();
after(() => gateway.remove());

const balance = "{ viewer { id } balance { credits version } }";
const grant = `mutation ($userId: ID!) {
  grantCredits(input: { userId: $userId, credits: 5, reason: "a gift", idempotencyKey: "gift" }) { balanceAfter }
}`;

test("what happened before a crash is there after it, at the same address", async () => {
  const before = await gateway.asks(balance, gateway.token);
  assert.deepEqual(await gateway.asks(grant, gateway.admin, { userId: before.data.viewer.id }), {
    data: { grantCredits: { balanceAfter: before.data.balance.credits + 5 } },
  });
  const { address, token } = gateway;
  await gateway.kill();
  await gateway.startAgain();
  assert.equal(gateway.address, address);
  const after = await gateway.asks(balance, token);
  assert.equal(after.data.balance.version, before.data.balance.version + 1);
});

test("a gateway that is stopped answers no more", async () => {
  await gateway.stop();
  await assert.rejects(gateway.asks(balance));
});
