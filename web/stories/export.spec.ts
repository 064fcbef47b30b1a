import { balance, pay } from "./checkout";
import { expect, grant, test } from "./person";

test("an export without enough credits offers packs and plans", async ({ page }) => {
  await page.goto("/account");
  await page.getByRole("button", { name: "Export PatchBook" }).click();
  await expect(page.getByText("3 credits missing.")).toBeVisible();
  await expect(page.getByRole("button", { name: /^Pro,/ })).toBeVisible();
  await page
    .getByRole("button", { name: /^Buy for/ })
    .first()
    .click();
  await pay(page);
  await expect(page.getByText(/credits added/)).toBeVisible();
  await page.getByRole("button", { name: "Export PatchBook" }).click();
  await expect(page.getByText("Export ticket")).toBeVisible();
  await expect(page.getByText("3 credits charged")).toBeVisible();
});

test("each click is another export", async ({ page, person, request }) => {
  await grant(request, person, 10);
  await page.goto("/account");
  await expect(balance(page)).toContainText("10");
  await page.getByLabel("PatchBook", { exact: true }).selectOption("Rain on tin");
  for (const left of ["7", "4", "1"]) {
    await page.getByRole("button", { name: "Export PatchBook" }).click();
    await expect(balance(page)).toContainText(left);
    await expect(page.locator(".ticket-name")).toHaveText("Rain on tin");
  }
  await page.getByRole("button", { name: "Export PatchBook" }).click();
  await expect(page.getByText("2 credits missing.")).toBeVisible();
});

test("an export whose reply is lost is charged once, even after a reload", async ({ page, person, request }) => {
  await grant(request, person, 9);
  await page.goto("/account");
  await expect(balance(page)).toContainText("9");
  await page.route("**/graphql", async (route) => {
    if (!route.request().postData()?.includes("chargeExport")) return route.continue();
    // The export is charged, and the connection breaks before the reply arrives.
    await route.fetch();
    return route.abort("connectionreset");
  });
  await page.getByRole("button", { name: "Export PatchBook" }).click();
  await expect(page.getByRole("alert")).toContainText("cannot be reached");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("alert")).toContainText("cannot be reached");
  await page.unroute("**/graphql");
  await page.reload();
  await page.getByRole("button", { name: "Export PatchBook" }).click();
  await expect(page.getByText("3 credits charged earlier, and not again")).toBeVisible();
  await expect(balance(page)).toContainText("6");
});
