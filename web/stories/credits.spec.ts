import { balance, pay } from "./checkout";
import { press } from "./dashboard";
import { expect, test } from "./person";

const price = "Price";

test("the price follows the number that is typed, and the minimum price is explained", async ({ page }) => {
  await page.goto("/pricing");
  await page.getByRole("link", { name: "Buy credits" }).click();
  const slider = page.getByLabel("Credits, as a slider");
  const display = page.getByRole("status", { name: price });
  const number = page.getByLabel("Credits", { exact: true });
  await expect(number).toHaveValue("25");
  await expect(display).toContainText("$5.00");
  await expect(display).toContainText("25 credits at $0.20 each");
  await expect(display).toContainText("about 8 exports");
  await expect(page.getByText("Fewer than 25 cost the same $5.00.")).toBeVisible();
  await number.fill("100");
  await expect(display).toContainText("$20.00");
  await expect(display).toContainText("100 credits at $0.20 each");
  await expect(display).toContainText("about 33 exports");
  await expect(slider).toHaveValue("100");
  await number.fill("7");
  await expect(display).toContainText("$5.00");
  await expect(display).toContainText("Packs cost at least $5.00: 25 credits cost the same.");
  await expect(slider).toHaveValue("25");

  for (const wrong of ["0", "1001", "5000", "2.5", "many"]) {
    await number.fill(wrong);
    await expect(page.getByText("Enter a whole number from 1 to 1,000.")).toBeVisible();
    await expect(display).not.toContainText("$");
    await expect(page.getByRole("button", { name: "Continue to payment" })).toBeDisabled();
  }
  await number.fill("5000");
  await expect(slider).toHaveValue("1000");
  await slider.focus();
  await page.keyboard.press("Home");
  await expect(number).toHaveValue("25");
  await page.keyboard.press("End");
  await expect(number).toHaveValue("1000");
  await expect(display).toContainText("$200.00");
});

test("a late reply is not shown for another number", async ({ page }) => {
  await page.route("**/graphql", async (route) => {
    const body = route.request().postDataJSON() as { variables?: { credits?: number } };
    if (body.variables?.credits === 200) await new Promise((resolve) => setTimeout(resolve, 1_500));
    await route.continue().catch(() => undefined);
  });
  await page.goto("/credits");
  const display = page.getByRole("status", { name: price });
  await expect(display).toContainText("$5.00");
  await page.getByLabel("Credits", { exact: true }).fill("200");
  await expect(display).not.toContainText("$5.00");
  await page.waitForTimeout(400);
  await page.getByLabel("Credits", { exact: true }).fill("300");
  await expect(display).toContainText("$60.00");
  await page.waitForTimeout(1_500);
  await expect(display).toContainText("$60.00");
});

test("a pack is bought and its credits are added", async ({ page }) => {
  await page.goto("/credits?credits=40");
  await expect(page.getByRole("status", { name: price })).toContainText("$8.00");
  await page.getByRole("button", { name: "Continue to payment" }).click();
  await pay(page);
  await expect(page.getByText("40 credits added.")).toBeVisible();
  await expect(balance(page)).toContainText("40");
  await expect(page.getByRole("cell", { name: "+40" })).toBeVisible();
});

test.describe("a visitor", () => {
  test.use({ storageState: { cookies: [], origins: [] } });

  test("who buys credits logs in first, and continues to the checkout", async ({ page, person }) => {
    await page.goto("/credits");
    await page.getByLabel("Credits", { exact: true }).fill("30");
    await page.getByRole("button", { name: "Continue to payment" }).click();
    await page.getByLabel("Email").fill(person.email);
    await page.getByLabel("Password").fill(person.password);
    await page.getByRole("button", { name: "Log in" }).click();
    await pay(page);
    await expect(page.getByText("30 credits added.")).toBeVisible();
  });
});

test("credits that are owed are offset by a purchase, which says so beforehand", async ({ page, browser, person }) => {
  await page.goto("/credits?credits=40");
  await page.getByRole("button", { name: "Continue to payment" }).click();
  await pay(page);
  await expect(balance(page)).toContainText("40");
  await page.getByRole("button", { name: "Export PatchBook" }).click();
  await expect(balance(page)).toContainText("37");
  await press(browser, [person.email, "8.00"], "Refund");
  await expect(balance(page)).toContainText("−3");
  await page.goto("/credits");
  const display = page.getByRole("status", { name: price });
  await expect(display).toContainText("Your balance is −3, so it will be 22 after this purchase.");
  await expect(display).toContainText("about 7 exports");
});
