import type { Page } from "@playwright/test";

import { mailedLink } from "./mail";
import { ask, expect, kept, type Person, test } from "./person";
import { gateway } from "./stage";

const NEW_PASSWORD = "quite another battery";

/** Logs in on the log-in page, which must be open. */
async function logIn(page: Page, email: string, password: string): Promise<void> {
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("main").getByRole("button", { name: "Log in" }).click();
}

/** Opens a page of its own for a person, as on another device. */
async function otherDevice(page: Page, person: Person): Promise<Page> {
  const context = await page
    .context()
    .browser()
    ?.newContext({ storageState: kept(person.session) });
  if (context === undefined) throw new Error("the page has no browser");
  const other = await context.newPage();
  await other.goto(`${gateway}/account`);
  await expect(other.getByRole("heading", { name: "Your account" })).toBeVisible();
  return other;
}

test.describe("a visitor", () => {
  test.use({ storageState: { cookies: [], origins: [] } });

  test("resets a forgotten password with the mailed link, which works once", async ({ page, person }) => {
    await page.goto("/login");
    await page.getByLabel("Email").fill(person.email);
    await page.getByRole("link", { name: "Forgot your password?" }).click();
    await expect(page.getByLabel("Email")).toHaveValue(person.email);
    await page.getByRole("button", { name: "Send link" }).click();
    await expect(page.getByRole("main").getByRole("status")).toContainText(
      `If there is an account with ${person.email}, a link is on its way`,
    );

    const link = await mailedLink(person.email, "reset-password");
    await page.goto(link);
    const [first, repeated] = [
      page.getByLabel("New password", { exact: true }),
      page.getByLabel("Repeat the new password"),
    ];
    await first.fill(NEW_PASSWORD);
    await repeated.fill("something else");
    await page.getByRole("button", { name: "Set new password" }).click();
    expect(await repeated.evaluate((input: HTMLInputElement) => input.validationMessage)).toBe(
      "The two passwords are not the same.",
    );
    await repeated.fill(NEW_PASSWORD);
    await page.getByRole("button", { name: "Set new password" }).click();
    await expect(page.getByRole("heading", { name: "Your account" })).toBeVisible();
    await expect(page).toHaveURL(/\/account$/);
    const notice = page.getByRole("status").filter({ hasText: "Your new password is set." });
    await notice.getByRole("button", { name: "Close", exact: true }).click();
    await expect(notice).toBeHidden();

    await page.getByRole("button", { name: "Log out", exact: true }).click();
    await logIn(page, person.email, person.password);
    await expect(page.getByRole("alert")).toContainText("The email or the password is wrong.");
    await logIn(page, person.email, NEW_PASSWORD);
    await expect(page.getByRole("heading", { name: "Your account" })).toBeVisible();

    await page.goto("/");
    await page.goto(link);
    await first.fill("a third password");
    await repeated.fill("a third password");
    await page.getByRole("button", { name: "Set new password" }).click();
    await expect(page.getByRole("alert")).toContainText("This link is invalid, has expired or was used.");
    await page.getByRole("link", { name: "Request another link" }).click();
    await expect(page.getByRole("heading", { name: "Reset your password" })).toBeVisible();
  });

  test("sees the same for an unknown email", async ({ page }) => {
    await page.goto("/forgot-password");
    await page.getByLabel("Email").fill("nobody@example.com");
    await page.getByRole("button", { name: "Send link" }).click();
    await expect(page.getByRole("main").getByRole("status")).toContainText(
      "If there is an account with nobody@example.com",
    );
  });

  test("sees that no mail can be sent", async ({ page }) => {
    await page.route("**/graphql", (route) => {
      const error = { message: "Mail is not configured on this server.", extensions: { code: "MAIL_DISABLED" } };
      return route.fulfill({ json: { data: null, errors: [error] } });
    });
    await page.goto("/forgot-password");
    await page.getByLabel("Email").fill("ada@example.com");
    await page.getByRole("button", { name: "Send link" }).click();
    await expect(page.getByRole("alert")).toContainText("no link can be sent");
  });

  for (const path of ["/reset-password", "/verify-email", "/confirm-email"]) {
    test(`sees that a link is incomplete: ${path}`, async ({ page }) => {
      await page.goto(path);
      await expect(page.getByRole("alert")).toContainText("This link is incomplete.");
    });
  }
});

test("an email is verified with the mailed link", async ({ page, person }) => {
  await page.goto("/account");
  const access = page.getByRole("region", { name: "Email and password" });
  await expect(access).toContainText("Not verified");
  await access.getByRole("button", { name: "Send verification link" }).click();
  await expect(access.getByRole("status")).toContainText(`A link is on its way to ${person.email}.`);

  await page.goto(await mailedLink(person.email, "verify-email"));
  await page.getByRole("button", { name: "Verify email" }).click();
  await expect(page.getByRole("main").getByRole("status")).toContainText(`${person.email} is verified.`);
  await page.getByRole("link", { name: "Go to your account" }).click();
  await expect(access.getByRole("definition")).toHaveText("Verified");
  await expect(access.getByRole("button", { name: "Send verification link" })).toHaveCount(0);
});

test("a change of password stays logged in here, and logs out elsewhere", async ({ page, person }) => {
  const other = await otherDevice(page, person);
  await page.goto("/account");
  const access = page.getByRole("region", { name: "Email and password" });
  await access.getByRole("button", { name: "Change password" }).click();
  const dialog = page.getByRole("dialog", { name: "Change password" });
  await dialog.getByLabel("Current password").fill("wrong horse battery");
  await dialog.getByLabel("New password", { exact: true }).fill(NEW_PASSWORD);
  await dialog.getByLabel("Repeat the new password").fill(NEW_PASSWORD);
  await dialog.getByRole("button", { name: "Set new password" }).click();
  await expect(dialog.getByRole("alert")).toContainText("The current password is wrong.");
  await dialog.getByLabel("Current password").fill(person.password);
  await dialog.getByRole("button", { name: "Set new password" }).click();
  await expect(access.getByRole("status")).toContainText("Your new password is set.");
  await expect(page.getByRole("dialog")).toHaveCount(0);

  const again = other.getByRole("dialog", { name: "Log in to continue" });
  await again.getByLabel("Password").fill(NEW_PASSWORD);
  await again.getByRole("button", { name: "Log in" }).click();
  await expect(again).toBeHidden();
  await other.context().close();

  await page.getByRole("button", { name: "Export PatchBook" }).click();
  await expect(page.getByText("3 credits missing.")).toBeVisible();
});

test("logging out everywhere ends the sessions of all devices", async ({ page, person }) => {
  const other = await otherDevice(page, person);
  await page.goto("/account");
  await page.getByRole("button", { name: "Log out everywhere" }).click();
  await expect(page.getByRole("heading", { name: "Log in" })).toBeVisible();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(other.getByRole("dialog", { name: "Log in to continue" })).toBeVisible();
  await other.context().close();
});

test("logging out revokes the token", async ({ page, person, request }) => {
  const { token } = person.session;
  const viewer = () => ask(request, "{ viewer { id } }", {}, token).then(() => "valid", String);
  expect(await viewer()).toBe("valid");
  await page.goto("/account");
  await page.getByRole("button", { name: "Log out", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Log in" })).toBeVisible();
  await expect.poll(viewer).not.toBe("valid");
});
