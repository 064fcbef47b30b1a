import { balance, subscribe } from "../checkout";
import { press } from "../dashboard";
import { seeInAllLooks } from "../look";
import { expect, test } from "../person";
import { sandbox } from "../stage";
import { stripeOf } from "../stripe";

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
  await expect(plan).toContainText("Past due");
  await press(browser, subscription, "Retry the payment");
  await expect(plan).toContainText("Active");
  await expect(balance(page)).toContainText("200");
});

test("a renewal that fails shows what is open, and can be paid at once", async ({ page, browser, person }) => {
  await subscribe(page, "Core");
  const subscription = [person.email, "a month"];
  await press(browser, subscription, "Fail the next payment");
  await press(browser, subscription, "Renew now");
  const plan = page.getByRole("region", { name: "Plan" });
  await expect(plan.getByRole("alert")).toContainText(/\$4\.99 is open, and is tried again on \w+ \d+, \d{4}\./);
  const billing = page.getByRole("region", { name: "Billing" });
  await expect(billing).toContainText("None until the open invoice is paid");
  await expect(billing).toContainText(/\$4\.99, due since \w+ \d+, \d{4}/);
  await expect(billing.getByRole("row", { name: "Open" })).toContainText("$4.99");
  await seeInAllLooks(page, "past-due");

  await billing.getByRole("link", { name: "Pay now" }).click();
  await page.getByRole("button", { name: "Pay $4.99" }).click();
  await page.goto("/account");
  await expect(plan).toContainText("Active");
  await expect(balance(page)).toContainText("50");
  await expect(billing).toContainText("$4.99 on");
  await expect(billing.getByRole("row", { name: "Open" })).toHaveCount(0);
});

test("a Studio renewal that fails says what exports cost, and cannot be paid once the plan has ended", async ({
  page,
  browser,
  person,
  request,
}) => {
  await subscribe(page, "Studio");
  const subscription = [person.email, "a month"];
  await press(browser, subscription, "Fail the next payment");
  await press(browser, subscription, "Renew now");
  const plan = page.getByRole("region", { name: "Plan" });
  await expect(plan.getByRole("alert")).toContainText("Until it is paid, exports cost credits.");
  const billing = page.getByRole("region", { name: "Billing" });
  await expect(billing).toContainText("Another card pays only this invoice.");
  await expect(billing.getByRole("row", { name: "Open" })).toBeVisible();

  await stripeOf(request).end(person.email);
  await expect(billing).toContainText("You have no plan, so nothing will be charged.");
  await expect(async () => {
    await page.reload();
    await expect(billing.getByRole("row", { name: "Void" })).toContainText("$29.99", { timeout: 2_000 });
  }).toPass();
  await expect(billing.getByRole("link", { name: "Pay now" })).toHaveCount(0);
});
