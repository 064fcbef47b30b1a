import { randomUUID } from "node:crypto";

import { balance, pay } from "./checkout";
import { expect, test } from "./person";

test.describe("a visitor", () => {
  test.use({ storageState: { cookies: [], origins: [] } });

  test("picks a plan, signs up, is declined, pays, and gets the credits", async ({ page }) => {
    await page.goto("/");
    await page.getByRole("link", { name: "See the plans" }).click();
    await expect(page.getByRole("heading", { name: "Pick your voltage" })).toBeVisible();
    await page.getByRole("button", { name: "Subscribe to Core" }).click();

    await expect(page.getByRole("heading", { name: "Log in" })).toBeVisible();
    await page.getByRole("main").getByRole("link", { name: "Sign up" }).click();
    await page.getByLabel("Email").fill(`${randomUUID()}@example.com`);
    await page.getByLabel("Name").fill("ada");
    await page.getByLabel("Password").fill("correct horse");
    await page.getByRole("button", { name: "Sign up" }).click();

    await pay(page, "4000 0000 0000 0002");
    await expect(page.getByRole("alert")).toContainText("Your card was declined.");
    await pay(page);

    await expect(page).toHaveURL(/\/account$/);
    await expect(page.getByText("You are on Core.")).toBeVisible();
    await expect(balance(page)).toContainText("25");
    await expect(page.getByText("Enough for 8 exports.")).toBeVisible();
    await expect(page.getByRole("cell", { name: "+25" })).toBeVisible();

    await page.getByRole("button", { name: "Close", exact: true }).click();
    await expect(page).toHaveURL(/\/account$/);
    await page.getByRole("link", { name: "Change plan" }).click();
    await expect(page.getByRole("listitem", { name: "Core" })).toContainText("Your plan");
  });

  test("leaving the checkout shows that nothing was paid", async ({ page, person }) => {
    await page.goto("/login");
    await page.getByLabel("Email").fill(person.email);
    await page.getByLabel("Password").fill("wrong horse battery");
    await page.getByRole("button", { name: "Log in" }).click();
    await expect(page.getByRole("alert")).toBeVisible();
    await page.getByLabel("Password").fill(person.password);
    await page.getByRole("button", { name: "Log in" }).click();
    await expect(page.getByRole("heading", { name: "Your account" })).toBeVisible();

    await page.goto("/pricing");
    await page.getByRole("button", { name: "Subscribe to Pro" }).click();
    await page.getByRole("link", { name: "Cancel and go back" }).click();
    await expect(page.getByText("You left the checkout. Nothing was charged.")).toBeVisible();
    await expect(page).toHaveURL(/\/pricing$/);
    await page.getByRole("button", { name: "Close", exact: true }).click();
    await expect(page).toHaveURL(/\/pricing$/);
    await page.getByRole("link", { name: "Account", exact: true }).click();
    await expect(page.getByText("Not enough credits for an export.")).toBeVisible();
  });

  test("the choice of a plan survives the sign-up and a canceled checkout", async ({ page }) => {
    await page.goto("/pricing");
    await page.getByRole("button", { name: "Subscribe to Pro" }).click();
    const next = "To subscribe to Pro, log in or sign up. The payment page opens right after that.";
    await expect(page.getByText(next)).toBeVisible();
    await page.getByRole("main").getByRole("link", { name: "Sign up" }).click();
    await expect(page.getByText(next)).toBeVisible();
    await page.getByLabel("Email").fill(`${randomUUID()}@example.com`);
    await page.getByLabel("Name").fill("grace");
    await page.getByLabel("Password").fill("correct horse");
    await page.getByRole("button", { name: "Sign up" }).click();
    await expect(page.getByRole("heading", { name: "Subscribe for $14.99 a month" })).toBeVisible();
    await page.getByRole("link", { name: "Cancel and go back" }).click();
    await expect(page.getByRole("heading", { name: "Pick your voltage" })).toBeVisible();
    await page.getByRole("button", { name: "Subscribe to Pro" }).click();
    await pay(page);
    await expect(page.getByText("You are on Pro.")).toBeVisible();
  });

  test("a link to the account opens it after logging in", async ({ page, person }) => {
    await page.goto("/account");
    await page.getByLabel("Email").fill(person.email.toUpperCase());
    await page.getByLabel("Password").fill(person.password);
    await page.getByRole("button", { name: "Log in" }).click();
    await expect(page).toHaveURL(/\/account$/);
    await page.getByRole("button", { name: "Log out", exact: true }).click();
    await expect(page.getByRole("heading", { name: "Log in" })).toBeVisible();
  });
});

test("a plan is subscribed to once, however often it is clicked", async ({ page }) => {
  let requests = 0;
  page.on("request", (request) => {
    if (request.postData()?.includes("createCheckout")) requests += 1;
  });
  await page.goto("/pricing");
  await page.getByRole("button", { name: "Subscribe to Studio" }).dblclick();
  await pay(page);
  await expect(page.getByText("You are on Studio.")).toBeVisible();
  await expect(balance(page)).toContainText("unlimited");
  expect(requests).toBe(1);
});
