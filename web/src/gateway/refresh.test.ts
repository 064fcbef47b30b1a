import { expect, test } from "vitest";

import { Connection } from "./connection";
import { onReconnect } from "./refresh";

function watched(): { connection: Connection; returns: () => number } {
  const connection = new Connection(true);
  let returns = 0;
  onReconnect(connection, () => {
    returns += 1;
  });
  return { connection, returns: () => returns };
}

test("the first connection is no return", () => {
  const { connection, returns } = watched();
  connection.socket("connecting");
  connection.socket("live");
  expect(returns()).toBe(0);
});

test("a socket that was lost returns once, when it is live again", () => {
  const { connection, returns } = watched();
  connection.socket("live");
  connection.socket("connecting");
  connection.socket("connecting");
  expect(returns()).toBe(0);
  connection.socket("live");
  connection.socket("live");
  expect(returns()).toBe(1);
});

test("a visitor, who has no socket, returns with the network", () => {
  const { connection, returns } = watched();
  connection.network(false);
  connection.network(true);
  expect(returns()).toBe(1);
});

test("a person returns with the socket, not with the network alone", () => {
  const { connection, returns } = watched();
  connection.socket("live");
  connection.network(false);
  connection.socket("connecting");
  connection.network(true);
  expect(returns()).toBe(0);
  connection.socket("live");
  expect(returns()).toBe(1);
});

test("logging out is no loss", () => {
  const { connection, returns } = watched();
  connection.socket("live");
  connection.socket("idle");
  expect(returns()).toBe(0);
});
