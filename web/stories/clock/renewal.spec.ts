import type { Page } from "@playwright/test";

import { balance, subscribe } from "../checkout";
import { expect, type Person, test } from "../person";
import { sandbox } from "../stage";

/** What is asked of the sandbox's dashboard about somebody's subscription. */
async function onDashboard(page: Page, person: Person, button: string): Promise<void> {
  const dashboard = await page.context().newPage();
  await dashboard.goto(sandbox);
  const row = dashboard.getByRole("listitem").filter({ hasText: person.email }).filter({ hasText: "a month" });
  await row
    .or(dashboard.locator("li", { hasText: person.email }))
    .first()
    .getByRole("button", { name: button })
    .click();
  await dashboard.close();
  // A page behind another one is not drawn, and what is not drawn has no text.
  await page.bringToFront();
}

test("a month later the plan has renewed and new credits are there", async ({ page, person }) => {
  await subscribe(page, "Core");
  await expect(balance(page)).toContainText("25");
  await onDashboard(page, person, "Renew now");
  await expect(balance(page)).toContainText("50");
  await expect(page.getByRole("cell", { name: "+25" })).toHaveCount(2);
});

test("a renewal that fails asks for another card, and with one it goes on", async ({ page, person }) => {
  await subscribe(page, "Pro");
  await onDashboard(page, person, "Fail the next payment");
  await onDashboard(page, person, "Renew now");
  const plan = page.getByRole("region", { name: "Plan" });
  await expect(plan).toContainText("Past due");
  await expect(plan.getByRole("alert")).toContainText("The last payment failed.");
  await plan.getByRole("button", { name: "Update card" }).click();
  await expect(page).toHaveURL(new RegExp(`^${sandbox}/portal/`));
  await page.getByLabel("Card number").fill("5555 5555 5555 4444");
  await page.getByRole("button", { name: "Change the card" }).click();
  await page.getByRole("link", { name: "Go back" }).click();
  await onDashboard(page, person, "Retry the payment");
  await expect(plan).toContainText("Active");
  await expect(balance(page)).toContainText("200");
});
