import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

/** Where the screenshots are saved. */
const SCREENS = process.env["SCREENSHOTS"] ?? "test-results/screens";

const LOOKS = [
  { look: "light", colorScheme: "light", size: { width: 1280, height: 900 } },
  { look: "dark", colorScheme: "dark", size: { width: 1280, height: 900 } },
  { look: "phone", colorScheme: "light", size: { width: 375, height: 812 } },
] as const;

/** Checks the page with axe, and takes a screenshot of it. */
export async function see(page: Page, name: string): Promise<void> {
  await expect(page.locator("[aria-busy=true], .skeleton")).toHaveCount(0);
  // Colours on their way from one look to another are no contrast of either.
  await page.evaluate(async () => {
    const transitions = document.getAnimations().filter((animation) => animation instanceof CSSTransition);
    await Promise.allSettled(transitions.map(({ finished }) => finished));
  });
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(width, "nothing reaches beyond the window").toBeLessThanOrEqual(page.viewportSize()?.width ?? 0);
  await page.screenshot({ path: `${SCREENS}/${name}.png`, fullPage: true });
}

/** As `see`, in light, in dark and on a phone, one after the other. */
export async function seeInAllLooks(page: Page, name: string): Promise<void> {
  const before = page.viewportSize();
  for (const { look, colorScheme, size } of LOOKS) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize(size);
    await see(page, `${name}-${look}`);
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  if (before !== null) await page.setViewportSize(before);
}
