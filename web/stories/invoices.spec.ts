import type { Page } from "@playwright/test";

import { balance, pay, subscribe } from "./checkout";
import { press } from "./dashboard";
import { see } from "./look";
import { expect, test } from "./person";
import { sandbox } from "./stage";
import { stripeOf } from "./stripe";

const billing = (page: Page) => page.getByRole("region", { name: "Billing" });

test("a subscriber sees the price, the next charge, the card, and an invoice to download", async ({ page }) => {
  await subscribe(page, "Core");
  const plan = page.getByRole("region", { name: "Plan" });
  const renewal = /Renews on (\w+ \d+, \d{4})\./.exec(await plan.innerText())?.[1] ?? "no date";
  await expect(billing(page)).toContainText("Core, $4.99 a month");
  await expect(billing(page)).toContainText(`$4.99 on ${renewal}`);
  await expect(billing(page)).toContainText("Visa ending in 4242");
  await expect(billing(page)).toContainText("Expires 12/2040");

  const row = billing(page).getByRole("row", { name: "$4.99" });
  await expect(row).toContainText("Paid");
  const number = await row.getByRole("link").first().innerText();
  const pdf = row.getByRole("link", { name: `Download invoice ${number} as PDF` });
  const url = (await pdf.getAttribute("href")) ?? "";
  expect((await (await page.request.get(url)).body()).subarray(0, 4).toString()).toBe("%PDF");
  await row.getByRole("link", { name: number, exact: true }).click();
  await expect(page.getByRole("heading", { name: `Invoice ${number}` })).toBeVisible();
});

test("the payment method is changed on a page of its own, which leads back", async ({ page }) => {
  await subscribe(page, "Core");
  await billing(page).getByRole("button", { name: "Update payment method" }).click();
  await expect(page).toHaveURL(new RegExp(`^${sandbox}/portal/`));
  await page.getByLabel("Card number").fill("5555 5555 5555 4444");
  await page.getByRole("button", { name: "Change the card" }).click();
  await expect(billing(page)).toContainText("Mastercard ending in 4444");
});

test("a plan that ends charges nothing more, and its invoices stay", async ({ page, person, request }) => {
  await subscribe(page, "Pro");
  await page.getByRole("button", { name: "Cancel plan" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel plan" }).click();
  await expect(billing(page)).toContainText("None, because the plan ends");
  await stripeOf(request).end(person.email);
  await expect(billing(page)).toContainText("You have no plan, so nothing will be charged.");
  await page.goto("/account");
  await expect(billing(page).getByRole("row", { name: "$14.99" })).toContainText("Paid");
});

test("a refund of a plan is shown with what follows from it, and its invoice is called refunded", async ({
  page,
  browser,
  person,
  request,
}) => {
  await subscribe(page, "Studio");
  await press(browser, [person.email, "29.99"], "Refund");
  const plan = page.getByRole("region", { name: "Plan" });
  await expect(plan).toContainText("The $29.99 for the current period was refunded or disputed.");
  await expect(plan).toContainText("exports cost credits until a new period is paid");
  await expect(
    page.getByRole("row", { name: /Unlimited exports have ended, because \$29\.99 was refunded/ }),
  ).toBeVisible();
  await page.reload();
  await expect(billing(page).getByRole("row", { name: "$29.99" })).toContainText("Refunded");
  await stripeOf(request).end(person.email);
  await expect(billing(page)).toContainText("You have no plan, so nothing will be charged.");
});

test("a visitor of the pricing page is offered no upgrade that would be refused", async ({ page, browser, person }) => {
  await subscribe(page, "Core");
  await press(browser, [person.email, "4.99"], "Refund");
  await expect(page.getByRole("region", { name: "Plan" })).toContainText("You can upgrade after");
  await page.goto("/pricing");
  await expect(page.getByRole("listitem", { name: "Pro" })).toContainText("You can upgrade after");
  await expect(page.getByRole("button", { name: "Upgrade to Pro" })).toHaveCount(0);
});

test("who buys a pack has an invoice for it, and who has paid nothing has no billing", async ({ page }) => {
  await page.goto("/account");
  await expect(page.getByText("Not enough credits for an export.")).toBeVisible();
  await expect(billing(page)).toHaveCount(0);
  await page.goto("/credits?credits=40");
  await page.getByRole("button", { name: "Continue to payment" }).click();
  await pay(page);
  await expect(balance(page)).toContainText("40");
  await expect(billing(page).getByRole("row", { name: "40 credits" })).toContainText("$8.00");
  await expect(billing(page)).toContainText("You have no plan, so nothing will be charged.");
});

test("while Stripe does not respond, what is stored is shown, and the rest can be requested again", async ({
  page,
}) => {
  await subscribe(page, "Core");
  await expect(billing(page)).toContainText("Visa ending in 4242");
  let broken = true;
  await page.route("**/graphql", (route) => {
    const body = route.request().postData() ?? "";
    if (!broken || !/query (Billing|Invoices)/.test(body)) return route.continue();
    const error = { message: "Stripe cannot be reached", extensions: { code: "STRIPE_UNAVAILABLE" } };
    return route.fulfill({ json: { data: null, errors: [error] } });
  });
  await page.goto("/account");
  await expect(billing(page)).toContainText("Core, $4.99 a month");
  await expect(billing(page).getByRole("alert").first()).toContainText("Stripe is not responding");
  broken = false;
  for (const part of [".billing-charges", ".billing-invoices"]) {
    await billing(page).locator(part).getByRole("button", { name: "Try again" }).click();
  }
  await expect(billing(page)).toContainText("Visa ending in 4242");
  await expect(billing(page).getByRole("row", { name: "$4.99" })).toBeVisible();
});

for (const [name, viewport] of [
  ["wide", { width: 1280, height: 900 }],
  ["phone", { width: 375, height: 812 }],
] as const) {
  for (const colorScheme of ["light", "dark"] as const) {
    test.describe(`${name}, ${colorScheme}`, () => {
      test.use({ viewport, colorScheme, contextOptions: { reducedMotion: "reduce" } });

      test(`axe finds nothing in billing, ${name} and ${colorScheme}`, async ({ page }) => {
        await subscribe(page, "Core");
        await page.goto("/credits?credits=1000");
        await page.getByRole("button", { name: "Continue to payment" }).click();
        await pay(page);
        await expect(billing(page).getByRole("row", { name: "1,000 credits" })).toBeVisible();
        await see(page, `billing-${name}-${colorScheme}`);
      });
    });
  }
}

test.describe("in German", () => {
  test.use({ locale: "de-DE", viewport: { width: 375, height: 812 }, contextOptions: { reducedMotion: "reduce" } });

  test("billing has German words, amounts and dates, and room on a phone", async ({ page }) => {
    await page.goto("/pricing");
    await page.getByRole("button", { name: "Abonnieren (Pro)" }).click();
    await pay(page);
    const section = page.getByRole("region", { name: "Abrechnung" });
    await expect(section).toContainText("Pro, 14,99\u00a0$ im Monat");
    await expect(section).toContainText("Visa mit den Endziffern 4242");
    await expect(section).toContainText(/14,99\u00a0\$ am \d+\. \p{L}+ \d{4}/u);
    await expect(section.getByRole("row", { name: "14,99\u00a0$" })).toContainText("Bezahlt");
    await see(page, "billing-german-phone");
  });
});
