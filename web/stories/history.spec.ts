import { readFile } from "node:fs/promises";

import { balance } from "./checkout";
import { expect, grant, test } from "./person";

test.beforeEach(async ({ page, person, request }) => {
  await grant(request, person, 25);
  await page.goto("/account");
  for (const left of ["22", "19", "16"]) {
    await page.getByRole("button", { name: "Export PatchBook" }).click();
    await expect(balance(page)).toContainText(left);
  }
});

test("the balance is read from the chart by keyboard, with its moments", async ({ page }) => {
  const chart = page.getByRole("slider", {
    name: "Balance over the last 7 changes: from 0 to 16 credits, highest 25.",
  });
  const reading = page.locator(".chart-reading");
  await chart.focus();
  await page.keyboard.press("End");
  await expect(reading).toHaveText(/\d.*: 16 credits$/);
  await page.keyboard.press("ArrowLeft");
  await expect(reading).toHaveText(/: 19 credits$/);
  await page.keyboard.press("Home");
  await expect(reading).toHaveText(/: 25 credits$/);
  await expect(chart).toHaveAttribute("aria-valuetext", /: 25 credits$/);
  await page.keyboard.press("Escape");
  await expect(reading).toHaveCount(0);
});

test("the chart is read under the pointer", async ({ page }) => {
  const chart = page.getByRole("slider", { name: /^Balance over/ });
  await chart.hover();
  await expect(page.locator(".chart-reading")).toHaveText(/: \d+ credits$/);
  await page.getByRole("heading", { name: "History" }).hover();
  await expect(page.locator(".chart-reading")).toHaveCount(0);
});

test("the chart follows the filter, and exports are counted by day", async ({ page }) => {
  const filter = page.getByLabel("Show");
  await filter.selectOption("Exports");
  const usage = page.getByRole("slider", { name: "3 exports for 9 credits in the last 30 days." });
  await usage.focus();
  await page.keyboard.press("End");
  await expect(page.locator(".chart-reading")).toHaveText(/, \d{4}: 3 exports, 9 credits$/);
  await expect(page.locator(".chart-axis span")).not.toHaveCount(0);

  await page.getByRole("button", { name: "Export PatchBook" }).click();
  await expect(page.getByRole("slider", { name: "4 exports for 12 credits in the last 30 days." })).toBeVisible();

  await filter.selectOption("Credits added");
  const added = page.getByRole("slider", { name: /^Last 1 change, since/ });
  await added.focus();
  await page.keyboard.press("End");
  await expect(page.locator(".chart-reading")).toHaveText(/: \+25 credits$/);

  await filter.selectOption("Refunds");
  await expect(page.getByRole("img", { name: "No changes yet" })).toBeVisible();
});

test("the filter and the page are in the address", async ({ page, person, request }) => {
  for (let left = 0; left < 10; left += 1) await grant(request, person, 1);
  await page.reload();
  const history = page.getByRole("region", { name: "History" });
  const rows = history.getByRole("row");
  await expect(rows).toHaveCount(11);
  await history.getByRole("button", { name: "Older" }).click();
  await expect(page).toHaveURL(/\?after=/);
  await expect(rows).toHaveCount(5);
  await page.reload();
  await expect(rows).toHaveCount(5);
  await history.getByRole("button", { name: "Newer" }).click();
  await expect(page).toHaveURL(/\?before=/);
  await expect(rows).toHaveCount(11);
  await expect(history.getByRole("button", { name: "Newer" })).toBeDisabled();
  await page.goBack();
  await expect(rows).toHaveCount(5);
  await page.getByLabel("Show").selectOption("Exports");
  await expect(page).toHaveURL(/\/account\?show=spend$/);
  await expect(rows).toHaveCount(4);
  await page.goto("/account?show=spend");
  await expect(page.getByLabel("Show")).toHaveValue("SPEND");
  await expect(rows).toHaveCount(4);
  await page.goto("/account?show=odd&after=odd");
  await expect(history.getByRole("alert")).toBeVisible();
});

test("the history is saved as CSV, all entries of the filter, and printed without the rest", async ({
  page,
  person,
  request,
}) => {
  for (let left = 0; left < 101; left += 1) await grant(request, person, 1);
  await page.goto("/account");
  const save = async () => {
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save as CSV" }).click();
    return (await readFile(await (await download).path(), "utf8")).split("\r\n");
  };
  const all = await save();
  expect(all[0]).toBe("\ufeffDate,Kind,Description,Credits,Balance,Reference");
  expect(all).toHaveLength(110);
  expect(all[1]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z,Credits added,.*,1,117,/);
  await page.getByLabel("Show").selectOption("Exports");
  expect(await save()).toHaveLength(5);

  await page.getByLabel("Show").selectOption("All changes");
  await page.evaluate(() => {
    window.print = () => undefined;
  });
  await page.getByRole("button", { name: "Print" }).click();
  await expect(page.locator(".history-print tbody tr")).toHaveCount(105);
  await page.emulateMedia({ media: "print" });
  await expect(page.getByRole("table", { name: /^Changes/ })).toBeVisible();
  await expect(page.getByRole("button", { name: "Save as CSV" })).toBeHidden();
  await expect(page.getByRole("heading", { name: "Email and password" })).toBeHidden();
});
