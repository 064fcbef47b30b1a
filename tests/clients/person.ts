/** A person who owns one object of each type: a user, a balance, a subscription, a payment and ledger entries. */

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import type { Gateway } from "./gateway.ts";

const SIGN_UP = `mutation ($input: SignUpInput!) { signUp(input: $input) { token user { id } } }`;
const SUBSCRIBE = `mutation ($input: CreateCheckoutInput!) {
  createCheckout(input: $input) { ... on Checkout { url } }
}`;
const BUY = `mutation ($input: PurchaseCreditsInput!) { purchaseCredits(input: $input) { url } }`;
const GRANT = `mutation ($input: GrantCreditsInput!) { grantCredits(input: $input) { version } }`;

const RETURN = { successUrl: "https://patchhive.example/paid", cancelUrl: "https://patchhive.example/canceled" };

/** Maximum time until a webhook has arrived, or a change was pushed. */
const PATIENCE_MILLISECONDS = 30_000;

/** Waits until something holds. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const started = Date.now(); !(await holds()); await sleep(20)) {
    assert.ok(Date.now() - started < PATIENCE_MILLISECONDS, what);
  }
}

export interface Person {
  id: string;
  token: string;
}

/** Signs up, subscribes to CORE and buys 25 credits. */
export async function owner(gateway: Gateway, username: string): Promise<Person> {
  const input = { email: `${username}@patchhive.example`, username, password: "correct horse" };
  const { token, user } = (await gateway.asks(SIGN_UP, undefined, { input })).data.signUp;
  const pays = async (document: string, variables: object) => {
    const { data } = await gateway.asks(document, token, variables);
    const [checkout] = Object.values<{ url: string }>(data);
    const paid = await fetch(checkout!.url, {
      method: "POST",
      body: new URLSearchParams({ card_number: "4242424242424242" }),
      redirect: "manual",
    });
    assert.equal(paid.status, 303);
  };
  await pays(SUBSCRIBE, { input: { tier: "CORE", ...RETURN } });
  await pays(BUY, { input: { credits: 25, ...RETURN } });
  const arrived = async () => {
    const { data } = await gateway.asks("{ balance { credits } subscription { id } }", token);
    return data.balance.credits === 50 && data.subscription !== null;
  };
  await until(arrived, "the plan and the pack are paid");
  return { id: user.id, token };
}

/** Gives a person a credit. */
export async function gives(gateway: Gateway, person: Person, idempotencyKey: string): Promise<void> {
  const input = { userId: person.id, credits: 1, reason: "a gift", idempotencyKey };
  const { errors } = await gateway.asks(GRANT, gateway.admin, { input });
  assert.equal(errors, undefined);
}
