/** graphql-ws and graphql-sse, and what they do when the gateway ends what they have open. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { createClient as createEventsClient } from "graphql-sse";
import { CloseCode, createClient as createSocketClient } from "graphql-ws";
import { WebSocket } from "ws";

import { Gateway } from "./gateway.ts";

const gateway = await Gateway.start();
after(() => gateway.remove());

const watch = "subscription ($after: Int) { balanceChanged(afterVersion: $after) { version } }";
const viewer = "{ viewer { id } }";
const grant = `mutation ($userId: ID!, $key: String!) {
  grantCredits(input: { userId: $userId, credits: 1, reason: "a gift", idempotencyKey: $key }) { version }
}`;

interface Change {
  balanceChanged: { version: number };
}

/** Gives the demo user a credit. */
async function gives(key: string): Promise<number> {
  const { data: known } = await gateway.asks(viewer, gateway.token);
  const { data } = await gateway.asks(grant, gateway.admin, { userId: known.viewer.id, key });
  return data.grantCredits.version;
}

/** The demo user's token, signed again with the public secret of `dev` to expire after the given number of seconds. */
function shortLived(seconds: number): string {
  const [header, claims] = gateway.token.split(".") as [string, string, string];
  const known = JSON.parse(Buffer.from(claims, "base64url").toString()) as object;
  const shortened = JSON.stringify({ ...known, exp: Math.floor(Date.now() / 1000) + seconds });
  const signed = `${header}.${Buffer.from(shortened).toString("base64url")}`;
  const secret = "development only: this secret is in the source code";
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

/** A queue of what was pushed, to be waited for. */
function inbox() {
  const versions: number[] = [];
  return {
    put: (change: Change | null | undefined) => {
      if (change) versions.push(change.balanceChanged.version);
    },
    /** Waits until this version was pushed. */
    async holds(version: number) {
      for (let waited = 0; !versions.includes(version); waited += 20) {
        assert.ok(waited < 20_000, `version ${version} was not pushed, but ${versions.join(", ")}`);
        await sleep(20);
      }
    },
  };
}

test("graphql-ws comes back with a fresh token when the gateway closes with 4403", async () => {
  const tokens = [shortLived(2), gateway.token];
  const codes: number[] = [];
  let connections = 0;
  const client = createSocketClient({
    url: gateway.socketUrl,
    webSocketImpl: WebSocket,
    connectionParams: () => ({ authorization: `Bearer ${tokens[Math.min(connections++, 1)]}` }),
    retryAttempts: 5,
    retryWait: () => sleep(50),
    on: { closed: (event) => codes.push((event as CloseEvent).code) },
  });
  const seen = inbox();
  const ended = new Promise((resolve) => {
    client.subscribe<Change>(
      { query: watch },
      { next: ({ data }) => seen.put(data), error: resolve, complete: () => resolve(undefined) },
    );
  });
  await seen.holds(await gives("before the token ends"));
  while (connections < 2) await sleep(50);
  await seen.holds(await gives("after the token ended"));
  assert.deepEqual(codes, [CloseCode.Forbidden]);
  await client.dispose();
  await ended;
});

test("graphql-ws does not knock again and again after 4400", async () => {
  let connections = 0;
  const client = createSocketClient({
    url: gateway.socketUrl,
    webSocketImpl: WebSocket,
    retryAttempts: 5,
    retryWait: () => sleep(10),
    // A client with a bug: its operations have no id.
    jsonMessageReplacer: (name, value: unknown) => (name === "id" ? undefined : value),
    on: { connected: () => connections++ },
  });
  const error = await new Promise((resolve, reject) => {
    client.subscribe(
      { query: "{ plans { tier } }" },
      { next: reject, error: resolve, complete: () => reject(new Error("no error")) },
    );
  });
  assert.equal((error as CloseEvent).code, CloseCode.BadRequest);
  await sleep(300);
  assert.equal(connections, 1);
});

test("graphql-ws goes on after the gateway was stopped and started again", async () => {
  const codes: number[] = [];
  const client = createSocketClient({
    url: gateway.socketUrl,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${gateway.token}` },
    retryAttempts: 100,
    retryWait: () => sleep(100),
    shouldRetry: () => true,
    on: { closed: (event) => codes.push((event as CloseEvent).code) },
  });
  const seen = inbox();
  client.subscribe<Change>(
    { query: watch },
    { next: ({ data }) => seen.put(data), error: assert.fail, complete: () => undefined },
  );
  await seen.holds(await gives("before the stop"));
  await gateway.stop();
  await gateway.startAgain();
  await seen.holds(await gives("after the start"));
  assert.equal(codes[0], 1012);
  await client.dispose();
});

test("graphql-sse streams what happens, and comes back with a fresh token when its own ends", async () => {
  const tokens = [shortLived(2), gateway.token];
  let connections = 0;
  const client = createEventsClient({
    url: gateway.url,
    headers: () => ({ authorization: `Bearer ${tokens[Math.min(connections++, 1)]}` }),
    retryAttempts: 5,
    retry: () => sleep(50),
  });
  const seen = inbox();
  const failed = new Promise((_, reject) => {
    client.subscribe<Change>(
      { query: watch },
      {
        next: ({ data }) => seen.put(data),
        error: reject,
        complete: () => reject(new Error("the stream was completed")),
      },
    );
  });
  const story = async () => {
    await seen.holds(await gives("while the stream's token lasts"));
    while (connections < 2) await sleep(50);
    await seen.holds(await gives("once the stream came back"));
  };
  await Promise.race([story(), failed]);
  client.dispose();
});

test("graphql-sse gets the one result of a query, and the errors of a document that cannot run", async () => {
  const client = createEventsClient({
    url: gateway.url,
    headers: { authorization: `Bearer ${gateway.token}` },
    retryAttempts: 0,
  });
  const results = async (query: string) => {
    const seen = [];
    for await (const result of client.iterate({ query })) seen.push(result);
    return seen;
  };
  assert.deepEqual(await results("{ viewer { username } }"), [{ data: { viewer: { username: "demo" } } }]);
  const [refused, ...more] = await results("{ nonsense }");
  assert.equal(refused?.errors?.[0]?.extensions?.["code"], "BAD_REQUEST");
  assert.deepEqual(more, []);
  client.dispose();
});
