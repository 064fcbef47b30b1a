import type { Page } from "@playwright/test";

import { balance, pay } from "./checkout";
import { seeInAllLooks } from "./look";
import { expect, test } from "./person";

/** Has to be confirmed for every payment. */
const ASKS_ALWAYS = "4000002760003184";

const module = (page: Page) => page.getByRole("region", { name: "Automatic top-up" });

/** Saves a card on Stripe's page, and comes back. */
async function saveCard(page: Page, number?: string): Promise<void> {
  await page.goto("/account");
  await module(page)
    .getByRole("button", { name: /^(Save a card|Use another card)$/ })
    .click();
  await expect(page.getByRole("heading", { name: "Save a payment method" })).toBeVisible();
  await pay(page, number);
  await expect(page).toHaveURL(/\/account\?card=saved/);
  await expect(page.getByText("Your card is saved.")).toBeVisible();
}

/** Turns top-ups on with these settings. */
async function turnOn(page: Page, below: string, credits: string, limit: string): Promise<void> {
  await module(page).getByRole("button", { name: "Turn on" }).click();
  await module(page).getByLabel("Top up below").fill(below);
  await module(page).getByLabel("Credits").fill(credits);
  await module(page).getByLabel("Monthly limit in dollars").fill(limit);
  await module(page).getByRole("button", { name: "Turn on" }).click();
}

test("credits are topped up by a saved card, within the limit, and it can be turned off", async ({ page }) => {
  await saveCard(page);
  await expect(module(page)).toContainText("Off");
  await seeInAllLooks(page, "topup-off");
  await turnOn(page, "9", "30", "20");
  await expect(balance(page)).toContainText("30");
  await expect(module(page)).toContainText("$6.00 of $20.00");
  await expect(module(page).getByRole("row", { name: "30 credits" })).toContainText("Paid");
  await seeInAllLooks(page, "topup-on");
  await module(page).getByRole("button", { name: "Turn off" }).click();
  await expect(module(page)).toContainText("Off");
});

test("settings that make no sense are explained before they are sent", async ({ page }) => {
  await saveCard(page);
  await module(page).getByRole("button", { name: "Turn on" }).click();
  await module(page).getByLabel("Credits").fill("200");
  await module(page).getByLabel("Monthly limit in dollars").fill("39");
  const limit = module(page).getByLabel("Monthly limit in dollars");
  expect(await limit.evaluate((input: HTMLInputElement) => input.validationMessage)).toContain("$40.00");
  await module(page).getByRole("button", { name: "Cancel" }).click();
  await expect(module(page)).toContainText("Off");
});

test("a payment that the bank wants confirmed pauses, and goes on once it is confirmed", async ({ page }) => {
  await page.goto("/account");
  await module(page).getByRole("button", { name: "Save a card" }).click();
  await page.getByLabel("Card or bank account number").fill(ASKS_ALWAYS);
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Complete authentication" }).click();
  await expect(page).toHaveURL(/\/account\?card=saved/);
  await turnOn(page, "1", "25", "20");
  await expect(module(page).getByRole("alert")).toContainText("Your bank wants you to confirm a payment.");
  await seeInAllLooks(page, "topup-paused");
  await module(page).getByRole("link", { name: "Confirm the payment of $5.00" }).click();
  await page.getByRole("link", { name: "Confirm the payment" }).click();
  await page.getByRole("button", { name: "Complete authentication" }).click();
  await page.goto("/account");
  await expect(balance(page)).toContainText("25");
  await expect(module(page).getByRole("alert")).toHaveCount(0);
  await expect(module(page)).toContainText("On");
});

test.describe("in German", () => {
  test.use({ locale: "de-DE" });

  test("the module speaks German", async ({ page }) => {
    await page.goto("/account");
    const german = page.getByRole("region", { name: "Automatisches Aufladen" });
    await expect(german.getByRole("button", { name: "Karte speichern" })).toBeVisible();
  });
});
