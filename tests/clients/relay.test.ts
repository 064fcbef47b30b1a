/** Relay with its default store, which merges objects by id alone. */

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { createClient } from "graphql-ws";
import relay, { type ConcreteRequest, type GraphQLResponse, type OperationType } from "relay-runtime";
import { WebSocket } from "ws";

import { Gateway } from "./gateway.ts";
import everything, { type documentsEverythingQuery } from "./generated/relay/documentsEverythingQuery.graphql.ts";
import live from "./generated/relay/documentsLiveSubscription.graphql.ts";
import refetch, { type documentsNodeQuery } from "./generated/relay/documentsNodeQuery.graphql.ts";
import { gives, owner, until } from "./person.ts";

// relay-runtime is a CommonJS module, whose names node does not find.
const { Environment, Network, Observable, RecordSource, Store, createOperationDescriptor, fetchQuery } = relay;
const { requestSubscription } = relay;

const gateway = await Gateway.start();
after(() => gateway.remove());

function open(token: string) {
  const authorization = `Bearer ${token}`;
  const socket = createClient({ url: gateway.socketUrl, webSocketImpl: WebSocket, connectionParams: { authorization } });
  const network = Network.create(
    async ({ text }, variables) => (await gateway.asks(text!, token, variables)) as GraphQLResponse,
    ({ text }, variables) =>
      Observable.create<GraphQLResponse>((sink) =>
        socket.subscribe(
          { query: text!, variables },
          { next: (result) => sink.next(result as GraphQLResponse), error: sink.error, complete: sink.complete },
        ),
      ),
  );
  const environment = new Environment({ network, store: new Store(new RecordSource()) });
  return { environment, close: () => socket.dispose() };
}

type Opened = ReturnType<typeof open>["environment"];

async function query<T extends OperationType>(environment: Opened, request: ConcreteRequest, variables: T["variables"]) {
  return (await fetchQuery<T>(environment, request, variables).toPromise())!;
}

/** Reads a query from the store alone. */
function stored(environment: Opened): documentsEverythingQuery["response"] {
  const operation = createOperationDescriptor(everything, {});
  environment.retain(operation);
  const { data, isMissingData } = environment.lookup(operation.fragment);
  assert.equal(isMissingData, false);
  return data as unknown as documentsEverythingQuery["response"];
}

test("no two objects are merged", async (context) => {
  const warnings = context.mock.method(console, "error", () => undefined);
  const { token, id } = await owner(gateway, "ada");
  const { environment } = open(token);
  const received = await query<documentsEverythingQuery>(environment, everything, {});
  assert.deepEqual(stored(environment), received);
  assert.deepEqual(warnings.mock.calls, [], "the store has nothing to warn of");
  const source = environment.getStore().getSource();
  const types = new Map(source.getRecordIDs().map((key) => [key, source.get(key)!["__typename"]]));
  assert.equal(types.get(id), "User");
  assert.equal(types.get(received.balance.id), "Balance");
  assert.equal(types.get(received.viewer!.subscription!.id), "PlanSubscription");
  for (const { id } of received.viewer!.ledger.nodes) assert.equal(types.get(id), "LedgerEntry");
  for (const { id } of received.viewer!.payments.nodes) assert.equal(types.get(id), "Payment");
});

test("an object is fetched again by its id, and a push lands wherever the balance is read", async () => {
  const person = await owner(gateway, "bob");
  const { environment, close } = open(person.token);
  const { balance } = await query<documentsEverythingQuery>(environment, everything, {});
  await gives(gateway, person, "first");
  const { node } = await query<documentsNodeQuery>(environment, refetch, { id: balance.id });
  assert.deepEqual(node, { __typename: "Balance", id: balance.id, credits: 51 });
  assert.equal(stored(environment).viewer!.balance.credits, 51);

  const watching = requestSubscription(environment, { subscription: live, variables: { afterVersion: 3 } });
  await gives(gateway, person, "second");
  await until(() => stored(environment).balance.credits === 52, "the push landed");
  assert.equal(stored(environment).viewer!.balance.credits, 52);
  watching.dispose();
  await close();
});
