import type { Browser, Page } from "@playwright/test";

import { sandbox } from "./stage";

/**
 * Presses a button in the first row of the sandbox's dashboard that has all of these texts.
 *
 * The dashboard has a browser context of its own. As a second tab it would cover the person's page, and headless Chromium
 * now and then never finishes closing a tab that covers another one.
 */
export async function press(browser: Browser, texts: string[], button: string): Promise<void> {
  await onDashboard(browser, (dashboard) => {
    const pressed = dashboard.getByRole("button", { name: button, exact: true });
    const rows = dashboard.getByRole("listitem").filter({ has: pressed });
    const row = texts.reduce((rows, hasText) => rows.filter({ hasText }), rows).first();
    return row.getByRole("button", { name: button, exact: true }).click();
  });
}

/** Opens the dashboard, and closes it afterwards. */
export async function onDashboard(browser: Browser, use: (dashboard: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ colorScheme: "light", viewport: { width: 1100, height: 800 } });
  const dashboard = await context.newPage();
  await dashboard.goto(sandbox);
  await use(dashboard);
  await context.close();
}
