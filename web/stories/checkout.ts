import { expect, type Page } from "@playwright/test";

import { sandbox } from "./stage";

const CARD = "4242 4242 4242 4242";

/** Pays on the payment page of the sandbox, which must be open. */
export async function pay(page: Page, card = CARD): Promise<void> {
  await expect(page).toHaveURL(new RegExp(`^${sandbox}/pay/`));
  await page.getByLabel("Card or bank account number").fill(card);
  await page.getByRole("button", { name: /^(Pay|Subscribe for|Save)\b/ }).click();
}

/** Subscribes to a plan, from the pricing page to the account page that shows it. */
export async function subscribe(page: Page, plan: string, card = CARD): Promise<void> {
  await page.goto("/pricing");
  await page.getByRole("button", { name: `Subscribe to ${plan}` }).click();
  await pay(page, card);
  await expect(page.getByText(`You are on ${plan}.`)).toBeVisible();
}

/** The balance on the account page. */
export function balance(page: Page) {
  return page.getByRole("status", { name: "Balance" });
}
