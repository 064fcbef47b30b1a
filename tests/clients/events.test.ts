/** A service in another language receives events, and verifies them with the library of the Standard Webhooks project. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";

import { Webhook } from "standardwebhooks";

import { Gateway } from "./gateway.ts";
import { owner, until } from "./person.ts";

interface Received {
  id: string;
  event: { type: string; data: { userId: string; version: number; balance: number } };
}

let gateway: Gateway;
before(async () => (gateway = await Gateway.start()));
after(() => gateway.remove());

test("a service verifies each event, and has the balance of the last one", async () => {
  const received: Received[] = [];
  let webhook: Webhook | undefined;
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const headers = request.headers as Record<string, string>;
      try {
        assert.ok(webhook, "no secret yet");
        received.push({ id: headers["webhook-id"]!, event: webhook.verify(body, headers) as Received["event"] });
        response.writeHead(204).end();
      } catch {
        response.writeHead(400).end();
      }
    });
  });
  await new Promise<void>((listens) => server.listen(0, "127.0.0.1", listens));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
  const created = await gateway.asks(
    `mutation ($input: CreateEventEndpointInput!) { createEventEndpoint(input: $input) { secret } }`,
    gateway.admin,
    { input: { url, types: ["BALANCE_CHANGED", "PAYMENT_PAID", "SUBSCRIPTION_CHANGED"] } },
  );
  webhook = new Webhook(created.data.createEventEndpoint.secret as string);

  const ada = await owner(gateway, "ada");
  const { data } = await gateway.asks(`{ balance { credits version } }`, ada.token);
  const balances = () => received.filter(({ event }) => event.type === "balance.changed" && event.data.userId === ada.id);
  await until(() => balances().at(-1)?.event.data.version === data.balance.version, "the last event was not received");
  assert.equal(balances().at(-1)!.event.data.balance, data.balance.credits);
  const versions = [...new Set(balances().map(({ event }) => event.data.version))];
  assert.deepEqual(
    versions,
    versions.map((_, place) => place + 1),
  );
  assert.ok(received.some(({ event }) => event.type === "payment.paid"));

  const forged = new Webhook(`whsec_${Buffer.from("another secret of 32 bytes......").toString("base64")}`);
  assert.throws(() => forged.verify("{}", { "webhook-id": "event_1", "webhook-timestamp": "1", "webhook-signature": "v1,x" }));
  server.close();
});
