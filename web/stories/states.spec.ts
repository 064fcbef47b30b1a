import { expect, grant, test } from "./person";

test("while payments are disabled, nothing can be bought", async ({ page }) => {
  await page.route("**/graphql", async (route) => {
    if (!route.request().postData()?.includes("stripeConfig")) return route.continue();
    const stripeConfig = { __typename: "StripeConfig", enabled: false };
    return route.fulfill({ json: { data: { stripeConfig } } });
  });
  await page.goto("/pricing");
  await expect(page.getByText("Payments are disabled at the moment")).toBeVisible();
  await expect(page.getByRole("button", { name: "Subscribe to Pro" })).toBeDisabled();
  await page.goto("/credits");
  await expect(page.getByText("Payments are disabled at the moment")).toBeVisible();
  await expect(page.getByRole("button", { name: "Continue to payment" })).toBeDisabled();
});

test("plans that cannot be loaded can be requested again", async ({ page }) => {
  await page.route("**/graphql", (route) => route.abort());
  await page.goto("/pricing");
  await expect(page.getByRole("alert")).toContainText("cannot be reached");
  await page.unroute("**/graphql");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("listitem", { name: "Studio" })).toBeVisible();
});

test("a checkout can be tried again when Stripe does not respond", async ({ page }) => {
  let broken = true;
  await page.route("**/graphql", (route) => {
    if (!broken || !route.request().postData()?.includes("createCheckout")) return route.continue();
    const error = { message: "Stripe cannot be reached", extensions: { code: "STRIPE_UNAVAILABLE" } };
    return route.fulfill({ json: { data: null, errors: [error] } });
  });
  await page.goto("/pricing");
  await page.getByRole("button", { name: "Subscribe to Core" }).click();
  await expect(page.getByRole("alert")).toContainText("Stripe is not responding");
  broken = false;
  await page.getByRole("button", { name: "Subscribe to Core" }).click();
  await expect(page).toHaveURL(/\/pay\//);
});

test("the history has pages and a filter", async ({ page, person, request }) => {
  for (let credits = 1; credits <= 12; credits += 1) await grant(request, person, credits);
  await page.goto("/account");
  await expect(page.getByRole("cell", { name: "+12" })).toBeVisible();
  await expect(
    page.getByRole("slider", { name: /Balance over the last 12 changes: from 0 to 78 credits, highest 78/ }),
  ).toBeVisible();
  await page.getByRole("button", { name: "Older" }).click();
  await expect(page.getByRole("cell", { name: "+2", exact: true })).toBeVisible();
  await expect(page.getByRole("button", { name: "Older" })).toBeDisabled();
  await page.getByRole("button", { name: "Newer" }).click();
  await expect(page.getByRole("cell", { name: "+12" })).toBeVisible();
  await page.getByLabel("Show").selectOption("Purchases");
  await expect(page.getByText("No changes of this type.")).toBeVisible();
});

test("a path without a page says so", async ({ page }) => {
  await page.goto("/");
  await page.evaluate(() => {
    window.history.pushState(null, "", "/nowhere");
    window.dispatchEvent(new PopStateEvent("popstate"));
  });
  await expect(page.getByRole("heading", { name: "Page not found" })).toBeVisible();
  await page.getByRole("link", { name: "Go to the home page" }).click();
  await expect(page.getByRole("heading", { name: "Take your patches with you." })).toBeVisible();
});

test("the pages work by keyboard", async ({ page }) => {
  await page.goto("/");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await page.getByRole("link", { name: "Pricing", exact: true }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
  await page.getByRole("button", { name: "Subscribe to Pro" }).focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/pay\//);
});
