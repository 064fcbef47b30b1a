import { balance } from "./checkout";
import { expect, grant, kept, shortened, test } from "./person";

test.describe("a token that expires", () => {
  test.use({
    storageState: async ({ person }, use) => {
      await use(kept(shortened(person, 4)));
    },
  });

  test("asks to log in again, and the page stays as it was", async ({ page, person, request }) => {
    await page.goto("/credits");
    await page.getByLabel("Credits", { exact: true }).fill("77");
    const dialog = page.getByRole("dialog", { name: "Log in to continue" });
    await expect(dialog).toBeVisible();
    await expect(dialog.getByLabel("Email")).toHaveValue(person.email);
    await dialog.getByLabel("Password").fill(person.password);
    await dialog.getByRole("button", { name: "Log in" }).click();
    await expect(dialog).toBeHidden();
    await expect(page.getByLabel("Credits", { exact: true })).toHaveValue("77");
    await grant(request, person, 12);
    await expect(page.getByRole("link", { name: /^Your balance/ })).toContainText("12");
  });

  test("holds a request until the person has logged in, and then sends it", async ({ page, person, request }) => {
    await grant(request, person, 12);
    // Without the socket, the reply to the click is the first to report it.
    await page.routeWebSocket("**/graphql", () => undefined);
    await page.goto("/account");
    await page.waitForTimeout(4_500);
    await page.getByRole("button", { name: "Export PatchBook" }).click();
    const dialog = page.getByRole("dialog", { name: "Log in to continue" });
    await dialog.getByLabel("Password").fill("wrong horse battery");
    await dialog.getByRole("button", { name: "Log in" }).click();
    await expect(dialog.getByRole("alert")).toBeVisible();
    await dialog.getByLabel("Password").fill(person.password);
    await dialog.getByRole("button", { name: "Log in" }).click();
    await expect(page.getByText("3 credits charged")).toBeVisible();
  });

  test("can also end in a log-out", async ({ page }) => {
    await page.goto("/account");
    const dialog = page.getByRole("dialog", { name: "Log in to continue" });
    await expect(dialog).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(page.getByRole("heading", { name: "Log in" })).toBeVisible();
  });
});

test("a session is stored for the next page", async ({ page, context, person, request }) => {
  await grant(request, person, 4);
  await page.goto("/account");
  await page.close();
  const again = await context.newPage();
  await again.goto("/account");
  await expect(balance(again)).toContainText("4");
});
