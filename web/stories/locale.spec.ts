import { balance, subscribe } from "./checkout";
import { press } from "./dashboard";
import { see, seeInAllLooks } from "./look";
import { expect, grant, test } from "./person";

/** Words of the English pages that are no German ones. */
const ENGLISH = /\b(the|your|you|and|of|credits? added|balance|history|log in|sign up|buy|plan|until|is|are)\b/i;

test.describe("a reader of German in Auckland", () => {
  test.use({ locale: "de-DE", timezoneId: "Pacific/Auckland", contextOptions: { reducedMotion: "reduce" } });

  test("reads every page in German, with German numbers, amounts and dates", async ({ page, browser, person }) => {
    await page.goto("/pricing");
    await expect(page.locator("html")).toHaveAttribute("lang", "de-DE");
    await page.getByRole("button", { name: "Abonnieren (Pro)" }).click();
    await page.getByLabel("Card or bank account number").fill("4242 4242 4242 4242");
    await page.getByRole("button", { name: /^Subscribe for / }).click();
    await expect(page.getByText("Du hast jetzt Pro.")).toBeVisible();
    const guthaben = page.getByRole("status", { name: "Guthaben" });
    await expect(guthaben).toContainText("100");
    await page.getByRole("button", { name: "PatchBook exportieren" }).click();
    await expect(page.getByText("3 Credits berechnet")).toBeVisible();
    const end = new Intl.DateTimeFormat("de-DE", { dateStyle: "long", timeZone: "Pacific/Auckland" });
    const year = end.format(new Date()).split(" ")[2] ?? "";
    const abo = page.getByRole("region", { name: "Abo" });
    await expect(abo).toContainText(new RegExp(`\\d+\\. \\p{L}+ ${year}`, "u"));
    // The renewal and the credits of the period have one date.
    const renewal = /Verlängert sich am (.+)\./.exec(await abo.innerText())?.[1] ?? "kein Datum";
    await expect(page.getByRole("cell", { name: `Pro, Zeitraum bis ${renewal}` })).toBeVisible();

    for (const path of [
      "/",
      "/pricing",
      "/forgot-password",
      "/reset-password#token=void",
      "/verify-email",
      "/credits?credits=1000",
    ]) {
      await page.goto(path);
      await expect(page.locator("[aria-busy=true], .skeleton")).toHaveCount(0);
      expect(ENGLISH.exec(await page.locator("body").innerText())?.[0], `English on ${path}`).toBeUndefined();
    }
    await expect(page.getByRole("status", { name: "Preis" })).toContainText("200,00\u00a0$");
    await see(page, "credits-german");
    await page.goto("/account");
    await press(browser, [person.email, "14.99"], "Refund");
    await expect(page.getByRole("row", { name: /Erstattung/ })).toContainText("14,99\u00a0$ wurde erstattet (Pro,");
    await seeInAllLooks(page, "german-auckland");
    const history = await page.getByRole("region", { name: "Verlauf" }).innerText();
    expect(ENGLISH.exec(history)?.[0], "English in the history").toBeUndefined();
  });
});

test.describe("on a phone", () => {
  test.use({
    viewport: { width: 375, height: 812 },
    contextOptions: { reducedMotion: "reduce" },
    name: { username: "Wolfgang-Amadeus".repeat(6), email: `@${"long".repeat(12)}.example.com` },
  });

  test("a million credits and a long name have room", async ({ page, person, request }) => {
    for (let times = 0; times < 10; times += 1) await grant(request, person, 100_000);
    await page.goto("/account");
    await expect(balance(page)).toContainText("1,000,000");
    await seeInAllLooks(page, "million-long-name");
  });

  test("unlimited exports have room", async ({ page }) => {
    await subscribe(page, "Studio");
    await page.getByRole("button", { name: "Export PatchBook" }).click();
    await expect(page.getByRole("row", { name: /with unlimited exports/ })).toBeVisible();
    await seeInAllLooks(page, "unlimited-long-name");
  });
});
