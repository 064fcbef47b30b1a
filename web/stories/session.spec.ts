import type { APIRequestContext } from "@playwright/test";

import { balance } from "./checkout";
import { ask, expect, grant, kept, type Person, shortened, test } from "./person";

/** Ends a person's session on the server, when the page is ready for that however slowly it was loaded. */
async function revoke(request: APIRequestContext, { session }: Person): Promise<void> {
  await ask(request, "mutation { logOut { revokedAt } }", {}, session.token);
}

test("a session that has ended asks to log in again, and the page stays as it was", async ({
  page,
  person,
  request,
}) => {
  await page.goto("/credits");
  await page.getByLabel("Credits", { exact: true }).fill("77");
  await revoke(request, person);
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

test("a request waits until the person has logged in again, and is then sent", async ({ page, person, request }) => {
  await grant(request, person, 12);
  // Without the socket, the reply to the click is the first to report it.
  await page.routeWebSocket("**/graphql", () => undefined);
  // Only the click is to be refused, not a query that is still being sent.
  await page.goto("/account", { waitUntil: "networkidle" });
  await revoke(request, person);
  await page.getByRole("button", { name: "Export PatchBook" }).click();
  const dialog = page.getByRole("dialog", { name: "Log in to continue" });
  await dialog.getByLabel("Password").fill("wrong horse battery");
  await dialog.getByRole("button", { name: "Log in" }).click();
  await expect(dialog.getByRole("alert")).toBeVisible();
  await dialog.getByLabel("Password").fill(person.password);
  await dialog.getByRole("button", { name: "Log in" }).click();
  await expect(page.getByText("3 credits charged")).toBeVisible();
});

test.describe("a token that expires", () => {
  test.use({
    storageState: async ({ person }, use) => {
      await use(kept(shortened(person, 4)));
    },
  });

  test("asks to log in again, which can also end in a log-out", async ({ page }) => {
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
