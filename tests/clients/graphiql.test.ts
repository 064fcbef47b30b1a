/** GraphiQL as it is built into the gateway, in a browser that reaches nothing but this machine. */

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, test } from "node:test";

import { chromium, type Page } from "playwright-core";

import { Gateway } from "./gateway.ts";

/** Where the last run's picture lies. */
const PICTURE = new URL("pictures/graphiql.png", import.meta.url).pathname;

const gateway = await Gateway.start();
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"].concat(
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
  ),
});
after(() => Promise.all([browser.close(), gateway.remove()]));

/** Everything that the browser complains about, and every host that it asks. */
const complaints: string[] = [];
const hosts = new Set<string>();

async function opens(): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  const page = await context.newPage();
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => hosts.add(new URL(request.url()).host));
  page.on("websocket", (socket) => hosts.add(new URL(socket.url()).host));
  const answer = await page.goto(`http://${gateway.address}/graphiql`);
  const built = answer?.headers()["content-security-policy"] !== undefined;
  assert.ok(built, "GraphiQL is not built: npm --prefix web ci && npm --prefix web run build");
  await edits(page, "Plans");
  return page;
}

/** Brings a tab to the front. */
async function turnsTo(page: Page, tab: string): Promise<void> {
  await page.locator(".graphiql-tab-button").getByText(tab, { exact: true }).click();
  await page.locator(".graphiql-tab-active").getByText(tab, { exact: true }).waitFor();
  await edits(page, tab);
  // Until it has read the document, it would run it by the name of the one before.
  await page.waitForTimeout(1_000);
}

/** Waits until an operation is in the editor. */
async function edits(page: Page, name: string): Promise<void> {
  await page.locator(".graphiql-query-editor .view-lines").getByText(name, { exact: true }).waitFor();
}

/** Runs the operation of the tab in front. */
async function runs(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Execute query" }).click();
}

/** Waits until the answer says something. */
async function shows(page: Page, pattern: RegExp): Promise<void> {
  const answer = page.locator(".result-window .view-lines");
  // The editor shows spaces as such that do not break.
  const text = async () => (await answer.innerText()).replaceAll("\u00a0", " ");
  for (let tries = 0; tries < 100; tries += 1) {
    if (pattern.test(await text())) return;
    await page.waitForTimeout(100);
  }
  assert.match(await text(), pattern);
}

const grant = `mutation ($userId: ID!, $key: String!) {
  grantCredits(input: { userId: $userId, credits: 40, reason: "a gift", idempotencyKey: $key }) { balanceAfter }
}`;

test("a query and a live subscription run for the demo user, without the internet", async () => {
  const page = await opens();
  await turnsTo(page, "Me");
  await runs(page);
  await shows(page, /"email": "demo@/);
  await turnsTo(page, "Live");
  await runs(page);
  await shows(page, /"credits": 0/);
  const { data } = await gateway.asks("{ viewer { id } }", gateway.token);
  await gateway.asks(grant, gateway.admin, { userId: data.viewer.id, key: "gift" });
  await shows(page, /"credits": 40[^]*"changeType": "GRANT"/);
  mkdirSync(new URL(".", `file://${PICTURE}`), { recursive: true });
  await page.screenshot({ path: PICTURE });
});

test("the headers of a tab speak for another user, over HTTP and over the socket", async () => {
  const input = `{ email: "ada@patchhive.example", username: "ada", password: "correct horse" }`;
  const { data } = await gateway.asks(`mutation { signUp(input: ${input}) { token user { id } } }`);
  await gateway.asks(grant, gateway.admin, { userId: data.signUp.user.id, key: "another" });
  const page = await opens();
  for (const [tab, answer] of [["Me", /"username": "ada"/], ["Live", /"credits": 40/]] as const) {
    await turnsTo(page, tab);
    await page.getByRole("button", { name: "Headers" }).click();
    const headers = page.getByLabel("Headers").locator(".graphiql-editor:visible");
    await headers.click();
    await page.keyboard.insertText(JSON.stringify({ Authorization: `Bearer ${data.signUp.token}` }));
    await headers.getByText("Authorization").waitFor();
    await runs(page);
    await shows(page, answer);
  }
});

test("the page asks nobody else, and its policy lets it do all it wants", () => {
  assert.deepEqual([...hosts], [gateway.address]);
  assert.deepEqual(complaints, []);
});
