import { readFile } from "node:fs/promises";

import { subscribe } from "./checkout";
import { mailedLink } from "./mail";
import { expect, grant, test } from "./person";

test("a name changes on the page at once, and an empty one is not sent", async ({ page }) => {
  await page.goto("/account");
  const profile = page.getByRole("region", { name: "Name and data" });
  await profile.getByRole("button", { name: "Change name" }).click();
  const dialog = page.getByRole("dialog", { name: "Change name" });
  await dialog.getByLabel("Name", { exact: true }).fill(" ");
  await dialog.getByRole("button", { name: "Save name" }).click();
  await expect(dialog.getByRole("alert")).toBeVisible();
  await dialog.getByLabel("Name", { exact: true }).fill("countess");
  await dialog.getByLabel("Longer name").fill("Ada Lovelace");
  await dialog.getByRole("button", { name: "Save name" }).click();
  await expect(profile.getByRole("status")).toContainText("Your name is saved.");
  await expect(profile.getByRole("definition")).toHaveText(["countess", "Ada Lovelace"]);
  await expect(page.locator(".account-person")).toContainText("countess");
  await page.reload();
  await expect(profile.getByRole("definition")).toHaveText(["countess", "Ada Lovelace"]);
});

test("an email changes with the mailed link", async ({ page, person }) => {
  const email = `new-${person.email}`;
  await page.goto("/account");
  const access = page.getByRole("region", { name: "Email and password" });
  await access.getByRole("button", { name: "Change email" }).click();
  const dialog = page.getByRole("dialog", { name: "Change email" });
  await dialog.getByLabel("New email").fill(email);
  await dialog.getByLabel("Current password").fill("wrong horse battery");
  await dialog.getByRole("button", { name: "Send link" }).click();
  await expect(dialog.getByRole("alert")).toContainText("The current password is wrong.");
  await dialog.getByLabel("Current password").fill(person.password);
  await dialog.getByRole("button", { name: "Send link" }).click();
  await expect(access.getByRole("status")).toContainText(`A link is on its way to ${email}.`);
  await expect(access).toContainText(person.email);

  const link = await mailedLink(email, "confirm-email");
  await page.goto(link);
  await page.getByRole("button", { name: "Confirm email" }).click();
  await expect(page.getByRole("status").filter({ hasText: `Your email is now ${email}.` })).toBeVisible();
  await expect(access.locator(".access-email")).toHaveText(email);
  await expect(page.locator(".account-person")).toContainText(email);

  await page.goto("/");
  await page.goto(link);
  await page.getByRole("button", { name: "Confirm email" }).click();
  await expect(page.getByRole("alert")).toContainText("This link is invalid, has expired or was used.");
});

test("the stored data is downloaded as one file", async ({ page, person, request }) => {
  await grant(request, person, 40);
  await page.goto("/account");
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download my data" }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe("patch-hive.json");
  const records = JSON.parse(await readFile(await file.path(), "utf8")) as { table: string; row: object }[];
  expect(records[0]).toMatchObject({ table: "users", row: { email: person.email } });
  expect(records.at(-1)).toMatchObject({ table: "credits_ledger", row: { credits_delta: 40 } });
  await expect(page.getByText("Your data is downloaded.")).toBeVisible();
});

test("an account is closed after a warning, with the password", async ({ page, person, request }) => {
  await grant(request, person, 40);
  await page.goto("/account");
  await subscribe(page, "Core");
  await page.goto("/account");
  await page.getByRole("button", { name: "Close account" }).click();
  const dialog = page.getByRole("dialog", { name: "Close your account?" });
  await expect(dialog).toContainText("You have 65 credits.");
  await expect(dialog).toContainText("Core ends at once");
  await dialog.getByLabel("Current password").fill(person.password);
  await dialog.getByLabel("Current password").press("Enter");
  await expect(dialog).toBeVisible();
  await expect(page.getByText("Your account is closed.")).toHaveCount(0);
  await dialog.getByLabel("Current password").fill("wrong horse battery");
  await dialog.getByRole("button", { name: "Close account" }).click();
  await expect(dialog.getByRole("alert")).toContainText("The current password is wrong.");
  await dialog.getByLabel("Current password").fill(person.password);
  await dialog.getByRole("button", { name: "Close account" }).click();
  await expect(page.getByRole("status").filter({ hasText: "Your account is closed." })).toBeVisible();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.goto("/login");
  await page.getByLabel("Email").fill(person.email);
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("main").getByRole("button", { name: "Log in" }).click();
  await expect(page.getByRole("alert")).toContainText("The email or the password is wrong.");
});
