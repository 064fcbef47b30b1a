import { see } from "./look";
import { expect, test } from "./person";

test.use({ storageState: { cookies: [], origins: [] } });

const TERMS = "https://patchhive.example/terms";
const PRIVACY = "https://patchhive.example/privacy";

test("terms and privacy are linked in the footer and at sign-up", async ({ page }) => {
  await page.goto("/signup");
  const footer = page.getByRole("navigation", { name: "Legal" });
  await expect(footer.getByRole("link", { name: "Terms of service" })).toHaveAttribute("href", TERMS);
  await expect(footer.getByRole("link", { name: "Privacy policy" })).toHaveAttribute("href", PRIVACY);
  await expect(page.getByText("By signing up, you agree to our terms of service.")).toBeVisible();
  await expect(page.getByRole("main").getByRole("link", { name: "privacy policy" })).toHaveAttribute("href", PRIVACY);
  await see(page, "signup-legal");
});

test.describe("in German", () => {
  test.use({ locale: "de-DE" });

  test("the links are named in German", async ({ page }) => {
    await page.goto("/signup");
    const footer = page.getByRole("navigation", { name: "Rechtliches" });
    await expect(footer.getByRole("link", { name: "Datenschutzerklärung" })).toHaveAttribute("href", PRIVACY);
    await expect(page.getByText("Mit der Registrierung stimmst du unseren Nutzungsbedingungen zu.")).toBeVisible();
    await see(page, "signup-legal-german");
  });
});

test("without links nothing is shown", async ({ page }) => {
  await page.route("**/graphql", (route) => {
    if (!route.request().postData()?.includes("legalLinks")) return route.continue();
    const legalLinks = { __typename: "LegalLinks", termsUrl: null, privacyUrl: null };
    return route.fulfill({ json: { data: { legalLinks } } });
  });
  await page.goto("/signup");
  await expect(page.getByRole("heading", { name: "Sign up" })).toBeVisible();
  await expect(page.getByRole("navigation", { name: "Legal" })).toHaveCount(0);
  await expect(page.getByText("By signing up")).toHaveCount(0);
});
