import type { Client } from "urql";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { BalanceChangedDocument, type BalancePartsFragment } from "../generated/graphql";
import { LiveAccount } from "./live";

interface Result {
  data?: unknown;
  error?: unknown;
}

/** A client whose results the test decides. */
function client() {
  const queries: ((result: Result) => void)[] = [];
  const streams = new Map<unknown, (result: Result & { hasNext: boolean }) => void>();
  const urql = {
    query: () => ({ toPromise: () => new Promise<Result>((resolve) => queries.push(resolve)) }),
    subscription: (document: unknown) => ({
      subscribe: (listener: (result: Result & { hasNext: boolean }) => void) => {
        streams.set(document, listener);
        return { unsubscribe: () => undefined };
      },
    }),
  };
  return {
    urql: urql as unknown as Client,
    queries,
    /** Answers the last query. */
    answer: async (result: Result) => {
      queries.at(-1)?.(result);
      await vi.advanceTimersByTimeAsync(0);
    },
    push: (credits: number, version: number, snapshot: boolean) => {
      const balanceChanged = { version, snapshot, balance: balance(credits, version) };
      streams.get(BalanceChangedDocument)?.({ data: { balanceChanged }, hasNext: true });
    },
  };
}

const balance = (credits: number, version: number): BalancePartsFragment => ({
  id: "balance_1",
  credits,
  held: 0,
  unlimited: false,
  unlimitedUntil: null,
  exportsLeft: 0,
  version,
  updatedAt: "2026-01-01T12:00:00Z",
});

const STATE = { balance: balance(25, 1), tier: "FREE", subscription: null };

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test("without a websocket, the first values are those of a query", async () => {
  const { urql, answer } = client();
  const account = new LiveAccount(urql);
  account.follow();
  await answer({ data: STATE });
  expect(account.snapshot()).toMatchObject({ balance: { credits: 25 }, plan: { tier: "FREE", subscription: null } });
});

test("a query that arrives late replaces nothing that was pushed", async () => {
  const { urql, answer, push } = client();
  const account = new LiveAccount(urql);
  account.follow();
  push(22, 2, true);
  await answer({ data: STATE });
  expect(account.snapshot()).toMatchObject({ balance: { credits: 22 }, plan: { tier: "FREE" } });
});

test("changes are pushed after what the query has read", async () => {
  const { urql, answer, push } = client();
  const account = new LiveAccount(urql);
  account.follow();
  await answer({ data: STATE });
  push(22, 2, false);
  expect(account.snapshot().balance?.credits).toBe(22);
});

test("a query that fails is repeated until it succeeds, and no longer", async () => {
  const { urql, answer, queries } = client();
  const account = new LiveAccount(urql);
  const stop = account.follow();
  await answer({ error: new Error("offline") });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(queries).toHaveLength(2);
  await answer({ data: STATE });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(queries).toHaveLength(2);
  expect(account.snapshot().balance?.credits).toBe(25);
  stop();
});
