import { balance, pay, subscribe } from "./checkout";
import { see } from "./look";
import { expect, test } from "./person";
import { sandbox } from "./stage";

/** Asks for 3-D Secure on every payment. */
const ASKS = "4000 0027 6000 3184";

test("a pack that was chosen stays chosen when the checkout is left", async ({ page }) => {
  await page.goto("/credits");
  await page.getByLabel("Credits", { exact: true }).fill("143");
  await page.getByRole("button", { name: "Continue to payment" }).click();
  await page.getByRole("link", { name: "Cancel and go back" }).click();
  await expect(page.getByText("You left the checkout.")).toBeVisible();
  await expect(page.getByLabel("Credits", { exact: true })).toHaveValue("143");
});

test("a promotion code lowers the price of a plan", async ({ page }) => {
  await page.goto("/pricing");
  await page.getByRole("button", { name: "Subscribe to Core" }).click();
  await page.getByLabel("Promotion code").fill("NOTHING");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByRole("alert")).toContainText("This code is invalid.");
  await see(page, "sandbox-checkout-refused-code");
  await page.getByLabel("Promotion code").fill("SAVE20");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByRole("row", { name: "Discount SAVE20" })).toContainText("-$1.00");
  await expect(page.getByRole("link", { name: "terms of service" })).toBeVisible();
  await see(page, "sandbox-checkout-code");
  await pay(page);
  await expect(page.getByText("You are on Core.")).toBeVisible();
  await expect(balance(page)).toContainText("25");
});

test("a card that asks for 3-D Secure is confirmed at checkout and for an upgrade", async ({ page }) => {
  await page.goto("/pricing");
  await page.getByRole("button", { name: "Subscribe to Core" }).click();
  await pay(page, ASKS);
  await expect(page.getByRole("heading", { name: "Confirm your payment" })).toBeVisible();
  await see(page, "sandbox-authentication");
  await page.getByRole("button", { name: "Fail authentication" }).click();
  await expect(page.getByRole("alert")).toContainText("unable to authenticate");
  await pay(page, ASKS);
  await page.getByRole("button", { name: "Complete authentication" }).click();
  await expect(page.getByText("You are on Core.")).toBeVisible();

  await page.goto("/pricing");
  await page.getByRole("button", { name: "Upgrade to Pro" }).click();
  const dialog = page.getByRole("dialog", { name: "Upgrade to Pro" });
  await dialog.getByRole("button", { name: /^Pay / }).click();
  await expect(dialog.getByRole("alert")).toContainText("Your bank requires you to confirm the payment.");
  await see(page, "upgrade-authentication");
  // The open invoice is offered again, rather than a second one.
  await page.goto("/pricing");
  await page.getByRole("button", { name: "Upgrade to Pro" }).click();
  await expect(dialog.getByRole("button", { name: "Start over with a new invoice" })).toBeVisible();
  await expect(dialog.getByRole("link", { name: "Finish the payment" })).toBeVisible();
  await page.goto("/pricing");
  await page.getByRole("button", { name: "Upgrade to Pro" }).click();
  await dialog.getByRole("button", { name: "Start over with a new invoice" }).click();
  await expect(dialog.getByRole("alert")).toContainText("Your bank requires you to confirm the payment.");
  await dialog.getByRole("link", { name: "Confirm the payment" }).click();
  await expect(page).toHaveURL(new RegExp(`^${sandbox}/invoice/`));
  await see(page, "sandbox-invoice-open");
  await page.getByRole("link", { name: "Confirm the payment with the card that ends in 3184" }).click();
  await page.getByRole("button", { name: "Complete authentication" }).click();
  await expect(page.getByText(/^Paid on /)).toBeVisible();
  await see(page, "sandbox-invoice-paid");
  await expect(page.getByRole("link", { name: "Download as PDF" })).toBeVisible();
  await page.getByRole("link", { name: "Return to the merchant" }).click();
  await page.goto("/account");
  await expect(page.getByRole("region", { name: "Plan" })).toContainText("Pro");
  await expect(balance(page)).toContainText("100");
});

test("the portal shows the card and the invoices, and changes the card", async ({ page }) => {
  await subscribe(page, "Core");
  await page.getByRole("button", { name: "Cards and invoices" }).click();
  // The account page names the card too.
  await expect(page).toHaveURL(new RegExp(`^${sandbox}/portal/`));
  await expect(page.getByText("visa ending in 4242")).toBeVisible();
  await see(page, "sandbox-portal");
  await page.getByLabel("Card number").fill("5555 5555 5555 4444");
  await page.getByRole("button", { name: "Change the card" }).click();
  await expect(page.getByText("mastercard ending in 4444")).toBeVisible();
  await page.getByRole("link", { name: /-0001$/ }).click();
  await expect(page.getByText(/^Paid on /)).toBeVisible();
  await page.getByRole("link", { name: "Go back" }).click();
  await expect(page).toHaveURL(new RegExp(`^${sandbox}/portal/`));
});
