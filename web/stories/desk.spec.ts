import type { Page } from "@playwright/test";

import { pay, subscribe } from "./checkout";
import { see, seeInAllLooks } from "./look";
import { expect, test } from "./person";
import { gateway } from "./stage";
import { stripeOf } from "./stripe";

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
      await find.getByLabel("Email, name or id").fill(person.email);
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
      const customer = /cus_\w+/.exec(await facts.innerText())?.[0] ?? "no customer";
      await page.getByRole("link", { name: "Back to the desk" }).click();
      await find.getByLabel("Email, name or id").fill(customer);
      await find.getByRole("button", { name: "Search" }).click();
      await expect(find.getByRole("listitem")).toHaveCount(1);
      await find.getByRole("link", { name: "ada" }).click();

      const correction = page.getByRole("region", { name: "Correct credits" });
      await correction.getByLabel("Credits").fill("-2");
      await correction.getByLabel("Reason").fill("Granted twice");
      await correction.getByRole("button", { name: "Check" }).click();
      const dialog = page.getByRole("dialog", { name: "Correct the credits?" });
      await expect(dialog).toContainText("2 credits are taken from ada. Reason: Granted twice");
      await expect(dialog).toContainText("22 → 20 credits");
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

test("the desk shows what Stripe has refused with what to do, and work that fails by its age", async ({
  page,
  person,
  request,
}) => {
  const stripe = stripeOf(request);
  await subscribe(page, "Core");
  const [customer] = await stripe.list(`/v1/customers?email=${person.email}`);
  const [first] = await stripe.list(`/v1/subscriptions?customer=${customer}`);

  // A second subscription is paid on another page, and Stripe refuses its refund.
  await stripe.fault({ method: "POST", path: "/v1/refunds", times: 1, effect: { kind: "refuse", status: 400 } });
  const price = await stripe.price(first);
  const session = await stripe.post("/v1/checkout/sessions", {
    mode: "subscription",
    customer,
    success_url: `${gateway}/account`,
    "line_items[0][price]": price,
    "line_items[0][quantity]": "1",
  });
  await page.goto(session.url);
  await pay(page);
  await expect(page).toHaveURL(/\/account/);
  await expect.poll(() => stripe.list(`/v1/subscriptions?customer=${customer}`)).toEqual([first]);

  // Stripe reports a change, and cannot show it.
  const path = `/v1/subscriptions/${first}`;
  await stripe.fault({ method: "GET", path, times: 100, effect: { kind: "refuse", status: 503 } });
  await stripe.post(path, { "metadata[note]": "changed" });

  await becomeAdmin(page);
  await page.goto("/admin");
  const refusal = page.getByRole("region", { name: "Refused by Stripe" }).getByRole("listitem").first();
  await expect(refusal).toContainText("its payment could not be refunded");
  await expect(refusal).toContainText(/sub_\w+/);
  await expect(refusal).toContainText("Stripe refused the call with status 400");
  const failing = page.getByRole("region", { name: "Failing tasks" });
  const task = failing.getByRole("listitem").filter({ hasText: first });
  await expect(async () => {
    await page.reload();
    await expect(task).toContainText(/\d+ attempts?/, { timeout: 3_000 });
  }).toPass();
  await seeInAllLooks(page, "desk-refused");
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
