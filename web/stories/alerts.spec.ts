import { balance } from "./checkout";
import { seeInAllLooks } from "./look";
import { expect, grant, test } from "./person";

test("the person is alerted once when credits fall below the threshold", async ({ page, person, request }) => {
  await grant(request, person, 12);
  await page.goto("/account");
  const alerts = page.getByRole("region", { name: "Alerts" });
  // The wheels of the display hold every digit.
  const credits = balance(page).locator(".visually-hidden");
  const threshold = alerts.getByLabel("Alert me when fewer credits are available than");
  await expect(alerts).toContainText("Off");
  for (const wrong of ["", "0", "1.5", "many"]) {
    await threshold.fill(wrong);
    await alerts.getByRole("button", { name: "Save alert" }).click();
    await expect(threshold).toHaveJSProperty("validity.valid", false);
  }
  await threshold.fill("10");
  await alerts.getByRole("button", { name: "Save alert" }).click();
  await expect(alerts.getByText("On: you are alerted below 10 credits.")).toBeVisible();
  await expect(alerts.getByText("Saved.")).toBeVisible();

  const sentence = "9 credits available, fewer than your threshold of 10.";
  const notice = page.getByRole("status").filter({ hasText: sentence });
  await page.getByRole("button", { name: "Export PatchBook" }).click();
  await expect(notice).toBeVisible();
  await expect(notice.getByRole("link", { name: "Buy credits" })).toHaveAttribute("href", "/credits");
  await expect(alerts.getByRole("listitem")).toHaveText([new RegExp(sentence)]);
  await seeInAllLooks(page, "alert");

  await notice.getByRole("button", { name: "Close" }).click();
  await expect(notice).toHaveCount(0);
  await page.getByRole("button", { name: "Export PatchBook" }).click();
  await expect(credits).toHaveText("6");
  await page.reload();
  await expect(alerts.getByRole("listitem")).toHaveCount(1);
  await expect(notice).toHaveCount(0);

  await grant(request, person, 5);
  await expect(credits).toHaveText("11");
  await page.getByRole("button", { name: "Export PatchBook" }).click();
  await expect(page.getByRole("status").filter({ hasText: "8 credits available" })).toBeVisible();
  await grant(request, person, 50);
  await expect(page.getByRole("status").filter({ hasText: "8 credits available" })).toHaveCount(0);
  await expect(alerts.getByRole("listitem")).toHaveCount(2);
});

test("alerts are switched on and off, and stay so", async ({ page }) => {
  await page.goto("/account");
  const alerts = page.getByRole("region", { name: "Alerts" });
  const payments = alerts.getByLabel("a payment fails");
  const plan = alerts.getByLabel("a canceled plan ends within three days");
  await expect(payments).toBeChecked();
  await payments.click();
  await expect(payments).not.toBeChecked();
  await alerts.getByLabel("Alert me when fewer").fill("25");
  await alerts.getByRole("button", { name: "Save alert" }).click();
  await expect(alerts.getByText("On: you are alerted below 25 credits.")).toBeVisible();
  await page.reload();
  await expect(payments).not.toBeChecked();
  await expect(plan).toBeChecked();
  await expect(alerts.getByLabel("Alert me when fewer")).toHaveValue("25");
  await alerts.getByRole("button", { name: "Turn off" }).click();
  await expect(alerts.getByText("Off", { exact: true })).toBeVisible();
  await expect(alerts.getByRole("button", { name: "Turn off" })).toHaveCount(0);
});

test.describe("a reader of German", () => {
  test.use({ locale: "de-DE" });

  test("reads alerts in German", async ({ page, person, request }) => {
    await grant(request, person, 12);
    await page.goto("/account");
    const alerts = page.getByRole("region", { name: "Benachrichtigungen" });
    await alerts.getByLabel("Benachrichtige mich, wenn weniger").fill("10");
    await alerts.getByRole("button", { name: "Schwelle speichern" }).click();
    await expect(alerts.getByText("An: Du wirst bei weniger als 10 Credits benachrichtigt.")).toBeVisible();
    await page.getByRole("button", { name: "PatchBook exportieren" }).click();
    const notice = page
      .getByRole("status")
      .filter({ hasText: "Noch 9 Credits verfügbar, weniger als deine Schwelle von 10." });
    await expect(notice).toBeVisible();
  });
});
