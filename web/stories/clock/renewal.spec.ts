import { balance, subscribe } from "../checkout";
import { press } from "../dashboard";
import { expect, test } from "../person";
import { sandbox } from "../stage";

test("a month later the plan has renewed and its credits are added", async ({ page, browser, person }) => {
  await subscribe(page, "Core");
  await expect(balance(page)).toContainText("25");
  await press(browser, [person.email, "a month"], "Renew now");
  await expect(balance(page)).toContainText("50");
  await expect(page.getByRole("cell", { name: "+25" })).toHaveCount(2);
});

test("a renewal that fails asks for another card, and continues with it", async ({ page, browser, person }) => {
  await subscribe(page, "Pro");
  const subscription = [person.email, "a month"];
  await press(browser, subscription, "Fail the next payment");
  await press(browser, subscription, "Renew now");
  const plan = page.getByRole("region", { name: "Plan" });
  await expect(plan).toContainText("Past due");
  await expect(plan.getByRole("alert")).toContainText("The last payment failed.");
  await expect(plan).toContainText("Current period, not paid");
  await expect(plan).not.toContainText("Renews on");

  await plan.getByRole("button", { name: "Cancel plan" }).click();
  const dialog = page.getByRole("dialog", { name: "Cancel Pro?" });
  await expect(dialog).toContainText("has failed, and is still due");
  await expect(dialog).not.toContainText("paid for");
  await dialog.getByRole("button", { name: "Keep Pro" }).click();

  await page.getByRole("link", { name: "Pricing", exact: true }).click();
  const studio = page.getByRole("listitem", { name: "Studio" });
  await expect(studio.getByRole("link", { name: "Waiting for a payment" })).toBeVisible();
  await expect(studio.getByRole("button")).toHaveCount(0);
  await studio.getByRole("link").click();

  await plan.getByRole("button", { name: "Update card" }).click();
  await expect(page).toHaveURL(new RegExp(`^${sandbox}/portal/`));
  await page.getByLabel("Card number").fill("5555 5555 5555 4444");
  await page.getByRole("button", { name: "Change the card" }).click();
  await page.getByRole("link", { name: "Go back" }).click();
  await press(browser, subscription, "Retry the payment");
  await expect(plan).toContainText("Active");
  await expect(balance(page)).toContainText("200");
});
