import type { Page } from "@playwright/test";

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
  await expect(page.getByText("3 credits reserved for exports in progress.")).toBeVisible();
  await expect(page.getByText("3 credits charged")).toBeVisible();
  await expect(page.getByText("reserved for exports in progress")).toBeHidden();
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

/** Lets replies to a mutation get lost: it is done, and the connection breaks before the reply arrives. */
async function loseReplies(page: Page, mutation: string): Promise<void> {
  await page.route("**/graphql", async (route) => {
    if (!route.request().postData()?.includes(mutation)) return route.continue();
    await route.fetch();
    return route.abort("connectionreset");
  });
}

test("an export whose reservation is lost is reserved and charged once, even after a reload", async ({
  page,
  person,
  request,
}) => {
  await grant(request, person, 9);
  await page.goto("/account");
  await expect(balance(page)).toContainText("9");
  await loseReplies(page, "reserveExport");
  await page.getByRole("button", { name: "Export PatchBook" }).click();
  await expect(page.getByRole("alert")).toContainText("cannot be reached");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("alert")).toContainText("cannot be reached");
  await expect(page.getByText("3 credits reserved for exports in progress.")).toBeVisible();
  await page.unroute("**/graphql");
  await page.reload();
  await page.getByRole("button", { name: "Export PatchBook" }).click();
  await expect(page.getByText("3 credits charged")).toBeVisible();
  await expect(balance(page)).toContainText("6");
});

test("an export whose charge is lost is charged once, even after a reload", async ({ page, person, request }) => {
  await grant(request, person, 9);
  await page.goto("/account");
  await expect(balance(page)).toContainText("9");
  await loseReplies(page, "captureHold");
  await page.getByRole("button", { name: "Export PatchBook" }).click();
  await expect(page.getByRole("alert")).toContainText("cannot be reached");
  await page.unroute("**/graphql");
  await page.reload();
  await page.getByRole("button", { name: "Export PatchBook" }).click();
  await expect(page.getByText("3 credits charged earlier, and not again")).toBeVisible();
  await expect(balance(page)).toContainText("6");
});

test("an export that was interrupted is shown after a reload, and is finished or released there", async ({
  page,
  person,
  request,
}) => {
  await grant(request, person, 9);
  await page.goto("/account");
  await expect(balance(page)).toContainText("9");
  const open = page.getByRole("list", { name: "Exports in progress" });
  for (const [button, left] of [
    ["Release credits", "9"],
    ["Finish export", "6"],
  ] as const) {
    await page.route("**/graphql", (route) =>
      route.request().postData()?.includes("captureHold") ? route.abort("connectionreset") : route.continue(),
    );
    await page.getByRole("button", { name: "Export PatchBook" }).click();
    await expect(page.getByText("3 credits reserved for exports in progress.")).toBeVisible();
    await expect(page.getByRole("alert")).toContainText("cannot be reached");
    await page.unroute("**/graphql");
    await page.reload();
    await expect(open).toContainText("Drifting fifths 3 credits reserved until");
    await open.getByRole("button", { name: button }).click();
    await expect(open).toHaveCount(0);
    await expect(page.getByText("3 credits reserved for exports in progress.")).toBeHidden();
    await expect(balance(page)).toContainText(left);
  }
});
