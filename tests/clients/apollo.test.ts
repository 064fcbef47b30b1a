/** Apollo Client with its default cache, which merges objects by type and id. */

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";

import { Gateway } from "./gateway.ts";
import { EverythingDocument, ExportDocument, HomeDocument, LiveDocument } from "./generated/graphql.ts";
import { gives, owner, until } from "./person.ts";

const gateway = await Gateway.start();
after(() => gateway.remove());

function client(token?: string) {
  const authorization = token === undefined ? undefined : `Bearer ${token}`;
  const socket = createClient({ url: gateway.socketUrl, webSocketImpl: WebSocket, connectionParams: { authorization } });
  const http = new HttpLink({ uri: gateway.url, headers: authorization === undefined ? {} : { authorization } });
  const link = ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    http,
  );
  const apollo = new ApolloClient({ cache: new InMemoryCache(), link });
  const close = async () => {
    apollo.stop();
    await socket.dispose();
  };
  return { apollo, close };
}

test("one document serves visitors and users", async () => {
  const visitor = await client().apollo.query({ query: HomeDocument });
  assert.equal(visitor.error, undefined);
  assert.equal(visitor.data?.viewer, null);
  const { token, id } = await owner(gateway, "ada");
  const user = await client(token).apollo.query({ query: HomeDocument });
  assert.equal(user.data?.viewer?.id, id);
  assert.equal(user.data?.viewer?.balance.credits, 50);
});

test("no two objects are merged, and one balance is kept", async () => {
  const { token, id } = await owner(gateway, "bob");
  const { apollo } = client(token);
  const { data } = await apollo.query({ query: EverythingDocument });
  assert.ok(data?.viewer);
  const { balance, subscription, ledger, payments } = data.viewer;
  const ids = [data.viewer, balance, subscription!, ...ledger.nodes, ...payments.nodes].map((object) => object.id);
  assert.equal(ids.length, 6);
  assert.equal(new Set(ids).size, 6);
  const kept = Object.keys(apollo.cache.extract() as object).filter((key) => key !== "ROOT_QUERY");
  assert.deepEqual(new Set(kept.map((key) => key.split(":")[1])), new Set(ids));
  assert.ok(kept.includes(`User:${id}`));
});

test("a mutation and a push change what a page shows, without another request", async () => {
  const person = await owner(gateway, "eve");
  const { apollo, close } = client(person.token);
  const seen: (number | undefined)[][] = [];
  const page = apollo.watchQuery({ query: EverythingDocument });
  const watching = page.subscribe(({ data }) => {
    if (data?.balance !== undefined) seen.push([data.balance?.credits, data.viewer?.balance?.credits]);
  });
  await until(() => seen.length > 0, "the page is shown");
  const input = { runId: "run", idempotencyKey: "export" };
  await apollo.mutate({ mutation: ExportDocument, variables: { input } });
  await until(() => seen.at(-1)?.[0] === 47, `the export shows: ${seen.join("; ")}`);

  const live = apollo.subscribe({ query: LiveDocument, variables: { afterVersion: 3 } }).subscribe({});
  await gives(gateway, person, "gift");
  await until(() => seen.at(-1)?.[0] === 48, `the push shows: ${seen.join("; ")}`);
  live.unsubscribe();
  watching.unsubscribe();
  await close();
  assert.ok(seen.every(([root, viewer]) => root === viewer), "the balance is one, wherever it is read");
});

test("an object is fetched again by its id", async () => {
  const { token } = await owner(gateway, "gil");
  const { apollo } = client(token);
  const { data } = await apollo.query({ query: EverythingDocument });
  const document = gql`
    query Node($id: ID!) {
      node(id: $id) {
        __typename
        id
      }
    }
  `;
  const { id, balance, subscription, payments } = data!.viewer!;
  const objects = { User: id, Balance: balance.id, PlanSubscription: subscription!.id, Payment: payments.nodes[0]!.id };
  for (const [__typename, id] of Object.entries(objects)) {
    const found = await apollo.query<{ node: object }>({ query: document, variables: { id } });
    assert.deepEqual(found.data?.node, { __typename, id });
  }
});
