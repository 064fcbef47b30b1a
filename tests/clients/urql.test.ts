/** urql with the types that graphql-codegen makes of schema.graphql, and graphql-ws underneath. */

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { after, test } from "node:test";

import { Client, cacheExchange, fetchExchange, subscriptionExchange } from "@urql/core";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";

import { Gateway } from "./gateway.ts";
import {
  BalanceDocument,
  EverythingDocument,
  ExportDocument,
  GrantDocument,
  HomeDocument,
  LiveDocument,
  SignUpDocument,
} from "./generated/graphql.ts";
import { owner } from "./person.ts";

const gateway = await Gateway.start();
after(() => gateway.remove());

/** Maximum time until a change arrives, with a restart in between. */
const PATIENCE_MILLISECONDS = 30_000;

/** A page's client, and the socket that it has open at the time. */
function client(token?: string) {
  const authorization = token === undefined ? undefined : `Bearer ${token}`;
  const sockets: WebSocket[] = [];
  const socket = createClient({
    url: gateway.socketUrl,
    webSocketImpl: WebSocket,
    connectionParams: { authorization },
    retryAttempts: Infinity,
    retryWait: () => sleep(50),
    shouldRetry: () => true,
    on: { opened: (opened) => sockets.push(opened as WebSocket) },
  });
  const urql = new Client({
    url: gateway.url,
    preferGetMethod: false,
    fetchOptions: { headers: authorization === undefined ? {} : { authorization } },
    exchanges: [
      cacheExchange,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = "", variables }) => ({
          subscribe(sink) {
            // graphql-ws sends it again whenever it has to connect again: by then it asks for what came since.
            const operation = { query, variables: { ...(variables as object) } as Record<string, unknown> };
            const unsubscribe = socket.subscribe<{ balanceChanged?: { version: number } }>(operation, {
              next(result) {
                const version = result.data?.balanceChanged?.version;
                if (version !== undefined) operation.variables["afterVersion"] = version;
                sink.next(result as Parameters<typeof sink.next>[0]);
              },
              error: (error) => sink.error(error),
              complete: () => sink.complete(),
            });
            return { unsubscribe };
          },
        }),
      }),
    ],
  });
  return { urql, sockets, close: () => socket.dispose() };
}

async function signsUp(username: string) {
  const input = { email: `${username}@patchhive.example`, username, password: "correct horse" };
  const { data, error } = await client().urql.mutation(SignUpDocument, { input });
  assert.equal(error, undefined);
  return data!.signUp;
}

async function grants(userId: string, credits: number, idempotencyKey: string) {
  const input = { userId, credits, reason: "a gift", idempotencyKey };
  const { error } = await client(gateway.admin).urql.mutation(GrantDocument, { input });
  assert.equal(error, undefined);
}

async function until(holds: () => boolean, what: () => string) {
  for (const started = Date.now(); !holds(); await sleep(20)) {
    assert.ok(Date.now() - started < PATIENCE_MILLISECONDS, what());
  }
}

test("queries and mutations are typed, and outcomes are distinguished by their type names", async () => {
  const { token, user } = await signsUp("ada");
  const { urql } = client(token);
  const before = await urql.query(BalanceDocument, {});
  const { id } = user.balance;
  assert.deepEqual(before.data?.balance, { __typename: "Balance", id, credits: 0, exportsLeft: 0, version: 0 });

  const input = { runId: "run-1", idempotencyKey: "export-1" };
  const refused = (await urql.mutation(ExportDocument, { input })).data?.chargeExport;
  assert.ok(refused?.__typename === "InsufficientCredits");
  assert.ok(refused.shortfall === 3 && refused.packs.length > 0);

  await grants(user.id, 5, "ada-1");
  for (const replayed of [false, true]) {
    const charged = (await urql.mutation(ExportDocument, { input })).data?.chargeExport;
    assert.ok(charged?.__typename === "ExportCharge");
    assert.deepEqual([charged.credits, charged.replayed, charged.balance.credits], [3, replayed, 2]);
  }
  // The charge named the balance by its id, so urql fetches it again automatically.
  const later = await urql.query(BalanceDocument, {});
  assert.deepEqual([later.data?.balance.credits, later.data?.balance.version], [2, 2]);
});

test("one document serves visitors and users, and a charge refreshes it", async () => {
  const visitor = await client().urql.query(HomeDocument, {});
  assert.equal(visitor.error, undefined);
  assert.equal(visitor.data?.viewer, null);
  const { token, id } = await owner(gateway, "gil");
  const { urql } = client(token);
  const before = await urql.query(HomeDocument, {});
  assert.deepEqual([before.data?.viewer?.id, before.data?.viewer?.balance.credits], [id, 50]);
  await urql.query(EverythingDocument, {});
  await urql.mutation(ExportDocument, { input: { runId: "run", idempotencyKey: "export" } });
  const { data } = await urql.query(EverythingDocument, {});
  assert.deepEqual([data?.balance.credits, data?.viewer?.balance.credits], [47, 47]);
  assert.equal((await urql.query(HomeDocument, {})).data?.viewer?.balance.credits, 47);
});

test("an error of the API arrives with its code", async () => {
  const { error } = await client().urql.query(BalanceDocument, {});
  assert.equal(error?.graphQLErrors[0]?.extensions["code"], "UNAUTHENTICATED");
});

test("a live balance misses nothing while its socket is cut and the gateway crashes", async (context) => {
  const { token, user } = await signsUp("grace");
  const { urql, sockets, close } = client(token);
  const seen: number[] = [];
  const credits: number[] = [];
  const live = urql.subscription(LiveDocument, { afterVersion: 0 }).subscribe(({ data, error }) => {
    assert.equal(error, undefined);
    if (data == null) return;
    assert.equal(data.balanceChanged.snapshot, false);
    seen.push(data.balanceChanged.version);
    credits.push(data.balanceChanged.balance.credits);
  });
  let granted = 0;
  const books = async () => grants(user.id, 1, `grace-${(granted += 1)}`);
  const arrives = () => until(() => seen.length >= granted, () => `${seen.length} of ${granted} changes arrived`);

  await books();
  await arrives();
  for (let cut = 0; cut < 5; cut += 1) {
    sockets.at(-1)!.terminate();
    for (let change = 0; change < 3; change += 1) await books();
    await arrives();
  }
  for (const end of [() => gateway.kill(), () => gateway.stop()]) {
    await Promise.all([books(), books()]);
    await end();
    await gateway.startAgain();
    await books();
    await arrives();
  }
  live.unsubscribe();
  await close();

  const versions = Array.from({ length: granted }, (_, index) => index + 1);
  assert.deepEqual(seen, versions, "every version once, in order");
  assert.equal(credits.at(-1), granted);
  context.diagnostic(`${granted} changes over ${sockets.length} sockets`);
});
