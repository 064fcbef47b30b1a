import type { Page } from "@playwright/test";

import { subscribe } from "./checkout";
import { see } from "./look";
import { expect, test } from "./person";

/** The admin whom `patch-hive dev` creates. */
const ADMIN = { email: "admin@patchhive.example", password: "patch-hive-admin" };

const LOOKS = [
  { name: "desktop", colorScheme: "light", viewport: { width: 1280, height: 900 } },
  { name: "phone", colorScheme: "dark", viewport: { width: 375, height: 812 } },
] as const;

/** Logs out, and in as the admin. */
async function becomeAdmin(page: Page): Promise<void> {
  await page.getByRole("button", { name: /^(Log out|Abmelden)$/ }).click();
  await page.goto("/login");
  await page.getByLabel(/^E-?[Mm]ail/).fill(ADMIN.email);
  await page.getByLabel(/^Passwor[dt]$/).fill(ADMIN.password);
  await page
    .getByRole("main")
    .getByRole("button", { name: /^(Log in|Anmelden)$/ })
    .click();
  await expect(page.getByRole("link", { name: /^(Desk|Support)$/ })).toBeVisible();
}

for (const { name, ...use } of LOOKS) {
  test.describe(name, () => {
    test.use({ ...use, contextOptions: { reducedMotion: "reduce" } });

    test(`an admin finds a customer, explains the balance and corrects it, ${name}`, async ({ page, person }) => {
      await subscribe(page, "Core");
      await page.goto("/account");
      await page.getByRole("button", { name: "Export PatchBook" }).click();
      await expect(page.getByRole("row", { name: /Export/ })).toContainText("−3");
      await becomeAdmin(page);

      await page.getByRole("link", { name: "Desk" }).click();
      await expect(page.getByRole("heading", { name: "Desk for support" })).toBeVisible();
      await see(page, `desk-${name}`);
      const find = page.getByRole("region", { name: "Find a customer" });
      await find.getByLabel("Email or name").fill(person.email);
      await find.getByRole("button", { name: "Search" }).click();
      await expect(find.getByRole("listitem")).toHaveCount(1);
      await find.getByRole("link", { name: "ada" }).click();

      const facts = page.getByRole("region", { name: "Customer", exact: true });
      await expect(facts).toContainText(person.email);
      await expect(facts).toContainText("22 credits");
      await expect(facts).toContainText("Core: Active");
      await expect(facts).toContainText(/cus_\w+/);
      await expect(facts).toContainText(/sub_\w+/);
      const ledger = page.getByRole("region", { name: "Ledger" });
      await expect(ledger).toContainText(/A period was paid: Core, period until \w+ \d+, \d{4}\./);
      await expect(ledger).toContainText(/The run .+ was exported\./);
      await expect(page.getByRole("region", { name: "Invoices" })).toContainText("$4.99");
      await see(page, `desk-customer-${name}`);

      const correction = page.getByRole("region", { name: "Correct credits" });
      await correction.getByLabel("Credits").fill("-2");
      await correction.getByLabel("Reason").fill("Granted twice");
      await correction.getByRole("button", { name: "Check" }).click();
      const dialog = page.getByRole("dialog", { name: "Correct the credits?" });
      await expect(dialog).toContainText("2 credits are taken from ada. Reason: Granted twice");
      await see(page, `desk-correction-${name}`);
      await dialog.getByRole("button", { name: "Correct credits" }).click();
      await expect(correction.getByRole("status")).toHaveText("−2. The balance is now 20 credits.");
      await expect(facts).toContainText("20 credits");
      await expect(ledger.getByRole("listitem").first()).toContainText("Granted twice");
      const actions = page.getByRole("region", { name: "Actions of admins" });
      await expect(actions.getByRole("listitem")).toHaveCount(1);
      await expect(actions).toContainText("−2 – Granted twice");
      await expect(actions).toContainText("By admin");
    });
  });
}

test("a correction whose response is lost is made once", async ({ page, person }) => {
  await page.goto("/account");
  await becomeAdmin(page);
  await page.goto(`/admin?user=${person.session.user.id}`);
  const correction = page.getByRole("region", { name: "Correct credits" });
  let lost = 0;
  await page.route("**/graphql", async (route) => {
    if (lost > 0 || !route.request().postData()?.includes("adjustCredits")) return route.continue();
    lost += 1;
    await route.fetch();
    return route.abort();
  });
  await correction.getByLabel("Credits").fill("7");
  await correction.getByLabel("Reason").fill("A gift");
  await correction.getByRole("button", { name: "Check" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Correct credits" }).click();
  await expect(dialog.getByRole("alert")).toContainText("cannot be reached");
  // Also if the admin has gone back meanwhile.
  await dialog.getByRole("button", { name: "Go back" }).click();
  await correction.getByRole("button", { name: "Check" }).click();
  await dialog.getByRole("button", { name: "Correct credits" }).click();
  await expect(correction.getByRole("status")).toHaveText("+7. The balance is now 7 credits.");
  await expect(page.getByRole("region", { name: "Ledger" }).getByRole("listitem")).toHaveCount(1);
});

test("an admin replays a webhook event, and the replay is recorded", async ({ page, person }) => {
  await subscribe(page, "Core");
  await page.goto("/account");
  await becomeAdmin(page);
  await page.goto("/admin");
  const events = page.getByRole("region", { name: "Webhook events" });
  await events.getByLabel("Status").selectOption("Applied");
  const replay = events.getByRole("button", { name: /^Replay evt_/ }).first();
  const id = /evt_\w+/.exec((await replay.getAttribute("aria-label")) ?? "")?.[0] ?? "no event";
  await replay.click();
  await expect(events.getByRole("status")).toHaveText(`${id} was replayed: Applied.`);
  await page.reload();
  const actions = page.getByRole("region", { name: "Actions of admins" });
  await expect(actions.getByRole("listitem").filter({ hasText: id })).toContainText("Webhook event replayed");
  await page.goto(`/admin?user=${person.session.user.id}`);
  await expect(page.getByRole("region", { name: "Ledger" }).getByRole("listitem")).toHaveCount(1);
});

test("the desk shows what Stripe has refused with what to do, and work that fails by its age", async ({ page }) => {
  await page.goto("/account");
  await becomeAdmin(page);
  const user = { __typename: "User", id: "user_3", username: "ada" };
  const pageInfo = { __typename: "PageInfo", hasNextPage: false, endCursor: null };
  const refused = {
    __typename: "RefusedOperation",
    id: "operation_1",
    kind: "DUPLICATE",
    remedy: "DECIDE_DUPLICATE",
    error: "a duplicate subscription that was renewed is left to the operator",
    stripeObjectId: "sub_second",
    createdAt: "2026-01-05T12:00:00Z",
    user,
  };
  const task = {
    __typename: "Task",
    id: "task_1",
    kind: "LOOK",
    subject: "subscription:sub_second",
    createdAt: "2026-01-05T12:00:00Z",
    dueAt: "2026-01-06T12:00:00Z",
    attempts: 7,
    error: "Stripe cannot be reached",
  };
  await page.route("**/graphql", (route) => {
    const body = route.request().postData() ?? "";
    const answers: [string, string, object][] = [
      ["refusedOperations", "RefusedOperationConnection", refused],
      ["failedTasks", "TaskConnection", task],
    ];
    const answer = answers.find(([field]) => body.includes(field));
    if (answer === undefined) return route.continue();
    const [field, __typename, node] = answer;
    return route.fulfill({ json: { data: { [field]: { __typename, nodes: [node], pageInfo } } } });
  });
  await page.goto("/admin");
  const refusals = page.getByRole("region", { name: "Refused by Stripe" });
  await expect(refusals).toContainText("Ask the customer which one to keep");
  await expect(refusals).toContainText("sub_second");
  await expect(page.getByRole("region", { name: "Failing tasks" })).toContainText("7 attempts");
  await see(page, "desk-refused");
});

test("the desk is for admins only, and customers do not load it", async ({ page }) => {
  const scripts: string[] = [];
  page.on("request", (request) => {
    if (request.resourceType() === "script") scripts.push(request.url());
  });
  await page.goto("/account");
  await expect(page.getByRole("heading", { name: "Your account" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Desk" })).toHaveCount(0);
  expect(scripts.filter((url) => url.includes("Desk"))).toEqual([]);
  await page.goto("/admin");
  await expect(page.getByRole("alert")).toContainText("This page is for admins.");
  await see(page, "desk-forbidden");
});

test.describe("in German", () => {
  test.use({ locale: "de-DE", viewport: { width: 375, height: 812 }, contextOptions: { reducedMotion: "reduce" } });

  test("the desk is in German", async ({ page, person }) => {
    await page.goto("/account");
    await becomeAdmin(page);
    await page.goto("/admin");
    await expect(page.getByRole("heading", { name: "Support-Arbeitsplatz" })).toBeVisible();
    await see(page, "desk-german");
    await page.goto(`/admin?user=${person.session.user.id}`);
    await expect(page.getByRole("region", { name: "Kontobuch" })).toBeVisible();
    await see(page, "desk-customer-german");
  });
});
