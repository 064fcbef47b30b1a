import { statSync } from "node:fs";

import { balance, pay, subscribe } from "../checkout";
import { onDashboard } from "../dashboard";
import { expect, test } from "../person";

/** Where the pictures of README are. */
const IMAGES = new URL("../../../docs/images/", import.meta.url).pathname;

/** Bytes of a picture at most. */
const MOST = 100_000;

test.use({
  viewport: { width: 1080, height: 640 },
  colorScheme: "light",
  contextOptions: { reducedMotion: "reduce" },
  name: { username: "Ada Lovelace", email: "ada@example.com" },
});

test("the account page and the dashboard of the sandbox have their pictures taken", async ({ page, browser }) => {
  await subscribe(page, "Core");
  await page.goto("/credits?credits=40");
  await page.getByRole("button", { name: "Continue to payment" }).click();
  await pay(page);
  await expect(balance(page)).toContainText("65");
  for (const [name, left] of [
    ["Drifting fifths", "62"],
    ["Rain on tin", "59"],
    ["Basement techno", "56"],
  ] as const) {
    await page.getByLabel("PatchBook", { exact: true }).selectOption(name);
    await page.getByRole("button", { name: "Export PatchBook" }).click();
    await expect(balance(page)).toContainText(left);
  }
  await page.goto("/account");
  await expect(balance(page)).toContainText("56");
  await expect(page.locator("[aria-busy=true], .skeleton")).toHaveCount(0);
  await page.screenshot({ path: `${IMAGES}account.png` });
  await onDashboard(browser, async (dashboard) => {
    await dashboard.setViewportSize({ width: 1080, height: 640 });
    await dashboard.screenshot({ path: `${IMAGES}sandbox.png` });
  });
  for (const name of ["account", "sandbox"]) expect(statSync(`${IMAGES}${name}.png`).size).toBeLessThan(MOST);
});
