import { createHmac, randomUUID } from "node:crypto";

import { type APIRequestContext, test as base } from "@playwright/test";

import { gateway } from "./stage";

/** A person who has signed up. */
export interface Person {
  email: string;
  password: string;
  session: Session;
}

interface Name {
  username: string;
  /** One that begins with `@` gets a local part of its own for each person. */
  email: string;
}

interface Session {
  token: string;
  expiresAt: string;
  user: { id: string; email: string; username: string };
}

const PASSWORD = "correct horse battery";

const SIGN_UP = `mutation ($input: SignUpInput!) {
  signUp(input: $input) { token expiresAt user { id email username } }
}`;

/** Sends a request to the gateway, with or without a token. */
export async function ask<Data>(
  request: APIRequestContext,
  query: string,
  variables: object,
  token?: string,
): Promise<Data> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await request.post(`${gateway}/graphql`, { data: { query, variables }, headers });
  const { data, errors } = (await response.json()) as { data: Data; errors?: { message: string }[] };
  if (errors?.[0]) throw new Error(errors[0].message);
  return data;
}

/** Signs a person up. */
async function signUp(request: APIRequestContext, { username, email }: Name): Promise<Person> {
  const unique = email.startsWith("@") ? randomUUID() + email : email;
  const input = { email: unique, username, password: PASSWORD };
  const { signUp } = await ask<{ signUp: Session }>(request, SIGN_UP, { input });
  return { email: signUp.user.email, password: PASSWORD, session: signUp };
}

/** The id of the admin that `patch-hive dev` creates after its demo user. */
const OPERATOR = "2";

/** Grants credits to a person, as an operator does. */
export async function grant(request: APIRequestContext, person: Person, credits: number): Promise<void> {
  const admin = token({ ...claims(person.session.token), sub: OPERATOR, email: undefined, role: "admin" });
  const input = { userId: person.session.user.id, credits, reason: "A welcome gift", idempotencyKey: randomUUID() };
  await ask(
    request,
    "mutation ($input: GrantCreditsInput!) { grantCredits(input: $input) { version } }",
    { input },
    admin,
  );
}

/**
 * The same session with a token that expires in a number of seconds. The session itself does not: a page that is loaded
 * after that drops an expired session, and asks for nothing.
 */
export function shortened({ session }: Person, seconds: number): Session {
  const exp = Math.floor(Date.now() / 1000) + seconds;
  return { ...session, token: token({ ...claims(session.token), exp }) };
}

function claims(token: string): object {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as object;
}

/** Signs a token with the secret of `patch-hive dev`, which is in the source code. */
function token(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  const secret = "development only: this secret is in the source code";
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

/** The state of a browser that stores a session. */
export function kept(session: Session) {
  const localStorage = [{ name: "patch-hive.session", value: JSON.stringify(session) }];
  return { cookies: [], origins: [{ origin: gateway, localStorage }] };
}

/** A story of a person who has signed up and is logged in. */
export const test = base.extend<{ name: Name; person: Person }>({
  name: [{ username: "ada", email: "@example.com" }, { option: true }],
  person: async ({ playwright, name }, use) => {
    const request = await playwright.request.newContext();
    await use(await signUp(request, name));
    await request.dispose();
  },
  storageState: async ({ person }, use) => {
    await use(kept(person.session));
  },
});

export { expect } from "@playwright/test";
