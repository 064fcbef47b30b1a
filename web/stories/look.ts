import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

/** Checks the page with axe, and takes a screenshot of it. */
export async function see(page: Page, name: string): Promise<void> {
  await expect(page.locator("[aria-busy=true], .skeleton")).toHaveCount(0);
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(width, "nothing reaches beyond the window").toBeLessThanOrEqual(page.viewportSize()?.width ?? 0);
  await page.screenshot({ path: `test-results/screens/${name}.png`, fullPage: true });
}
