import { balance, subscribe } from "./checkout";
import { expect, test } from "./person";
import { sandbox } from "./stage";

test("an upgrade is previewed, paid and granted immediately", async ({ page }) => {
  await subscribe(page, "Core");
  await expect(balance(page)).toContainText("25");
  await page.getByRole("link", { name: "Change plan" }).click();
  await page.getByRole("button", { name: "Upgrade to Pro" }).click();
  const dialog = page.getByRole("dialog", { name: "Upgrade to Pro" });
  await expect(dialog.getByText("75 credits")).toBeVisible();
  await expect(dialog.getByText("immediately")).toBeVisible();
  await dialog.getByRole("button", { name: "Keep Core" }).click();
  await expect(dialog).toBeHidden();

  await page.getByRole("button", { name: "Upgrade to Pro" }).click();
  await dialog.getByRole("button", { name: "Pay $10.00 and upgrade" }).click();
  await expect(page.getByRole("region", { name: "Plan" })).toContainText("Pro");
  await expect(balance(page)).toContainText("100");
});

test("a downgrade waits for the end of the period, and can be undone", async ({ page }) => {
  await subscribe(page, "Pro");
  await page.goto("/pricing");
  await page.getByRole("button", { name: "Downgrade to Core" }).click();
  const dialog = page.getByRole("dialog", { name: "Downgrade to Core" });
  await expect(dialog.getByText("$0.00")).toBeVisible();
  await expect(dialog.getByText("0 credits")).toBeVisible();
  await expect(dialog.getByText(/^\$4\.99 on /)).toBeVisible();
  await dialog.getByRole("button", { name: "Downgrade to Core" }).click();
  const plan = page.getByRole("region", { name: "Plan" });
  await expect(plan).toContainText("Changes to Core on");
  await page.goto("/pricing");
  await expect(page.getByRole("listitem", { name: "Core" })).toContainText("Your next plan");
  await page.goto("/account");
  await plan.getByRole("button", { name: "Keep Pro" }).click();
  await expect(plan).toContainText("Renews on");
});

test("a plan is canceled after a confirmation, and resumed", async ({ page }) => {
  await subscribe(page, "Core");
  const plan = page.getByRole("region", { name: "Plan" });
  await plan.getByRole("button", { name: "Cancel plan" }).click();
  const dialog = page.getByRole("dialog", { name: "Cancel Core?" });
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(plan.getByRole("button", { name: "Cancel plan" })).toBeFocused();

  await plan.getByRole("button", { name: "Cancel plan" }).click();
  await dialog.getByRole("button", { name: "Cancel plan" }).click();
  await expect(plan).toContainText("Ends on");
  await plan.getByRole("button", { name: "Resume Core" }).click();
  await expect(plan).toContainText("Renews on");
  await expect(plan.getByRole("button", { name: "Cancel plan" })).toBeVisible();
});

test("a declined upgrade changes nothing and says how to pay", async ({ page }) => {
  await subscribe(page, "Core", "4000 0000 0000 0341");
  await page.goto("/pricing");
  await page.getByRole("button", { name: "Upgrade to Studio" }).click();
  const dialog = page.getByRole("dialog", { name: "Upgrade to Studio" });
  await dialog.getByRole("button", { name: /^Pay / }).click();
  await expect(dialog.getByRole("alert")).toBeVisible();
  await expect(dialog.getByRole("link", { name: "Pay with another card" })).toHaveAttribute("href", /^http/);
  await dialog.getByRole("button", { name: "Keep Core" }).click();
  await expect(page.getByRole("listitem", { name: "Core" })).toContainText("Your plan");
});

test("cards and invoices are in Stripe's portal, which leads back", async ({ page }) => {
  await subscribe(page, "Core");
  await page.getByRole("button", { name: "Cards and invoices" }).click();
  await expect(page).toHaveURL(new RegExp(`^${sandbox}/portal/`));
  await page.getByRole("link", { name: "Go back" }).click();
  await expect(page.getByRole("heading", { name: "Your account" })).toBeVisible();
});
