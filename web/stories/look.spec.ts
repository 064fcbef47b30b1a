import type { Page } from "@playwright/test";

import { subscribe } from "./checkout";
import { see } from "./look";
import { expect, grant, test } from "./person";

const PAGES = ["/", "/pricing", "/credits", "/account"];

const FOR_VISITORS = [
  "/login",
  "/signup",
  "/pricing",
  "/forgot-password",
  "/reset-password",
  "/reset-password#token=void",
  "/verify-email#token=void",
  "/confirm-email#token=void",
];

const LOOKS = [
  { name: "light", colorScheme: "light", viewport: { width: 1280, height: 900 } },
  { name: "dark", colorScheme: "dark", viewport: { width: 1280, height: 900 } },
  { name: "phone-light", colorScheme: "light", viewport: { width: 375, height: 812 } },
  { name: "phone-dark", colorScheme: "dark", viewport: { width: 375, height: 812 } },
] as const;

/** Opens a page and checks it. */
async function look(page: Page, path: string, look: string, who: string): Promise<void> {
  await page.goto(path);
  const file = path === "/" ? "home" : path.slice(1).replace("#token=", "-");
  await see(page, `${file}-${who}-${look}`);
}

for (const { name, ...use } of LOOKS) {
  test.describe(name, () => {
    test.use({ ...use, contextOptions: { reducedMotion: "reduce" } });

    test(`axe finds nothing on the pages of somebody, ${name}`, async ({ page, person, request }) => {
      for (const credits of [60, 25, 40]) await grant(request, person, credits);
      await page.goto("/account");
      for (const left of ["122", "119", "116"]) {
        await page.getByRole("button", { name: "Export PatchBook" }).click();
        await expect(page.getByRole("status", { name: "Balance" })).toContainText(left);
      }
      for (const path of PAGES) await look(page, path, name, "somebody");
    });

    test(`axe finds nothing in dialogs and outcomes, ${name}`, async ({ page }) => {
      await page.goto("/account");
      await page.getByRole("button", { name: "Export PatchBook" }).click();
      await expect(page.getByText("3 credits missing.")).toBeVisible();
      await see(page, `shortfall-${name}`);
      await subscribe(page, "Core");
      await page.getByRole("button", { name: "Export PatchBook" }).click();
      await expect(page.getByText("Export ticket")).toBeVisible();
      await see(page, `ticket-${name}`);
      await page.getByRole("button", { name: "Cancel plan" }).click();
      await see(page, `cancellation-${name}`);
      await page.getByRole("button", { name: "Keep Core" }).click();
      await page.getByRole("button", { name: "Change password" }).click();
      await see(page, `password-${name}`);
      await page.getByRole("button", { name: "Keep password" }).click();
      for (const [dialog, keep] of [
        ["Change email", "Keep email"],
        ["Change name", "Keep name"],
        ["Close account", "Keep account"],
      ] as const) {
        await page.getByRole("button", { name: dialog }).click();
        await see(page, `${dialog.toLowerCase().replace(" ", "-")}-${name}`);
        await page.getByRole("button", { name: keep }).click();
      }
      await page.goto("/pricing");
      await page.getByRole("button", { name: "Upgrade to Pro" }).click();
      await expect(page.getByText("75 credits")).toBeVisible();
      await see(page, `upgrade-${name}`);
    });

    test.describe("for a visitor", () => {
      test.use({ storageState: { cookies: [], origins: [] } });

      test(`axe finds nothing on the pages of a visitor, ${name}`, async ({ page }) => {
        for (const path of FOR_VISITORS) await look(page, path, name, "visitor");
      });
    });
  });
}
