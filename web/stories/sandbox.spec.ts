import { subscribe } from "./checkout";
import { onDashboard } from "./dashboard";
import { see } from "./look";
import { expect, test } from "./person";

test("the dashboard stays where it was scrolled to, and its clock stays in view", async ({ page, browser, person }) => {
  await subscribe(page, "Core");
  await onDashboard(browser, async (dashboard) => {
    await see(dashboard, "sandbox-dashboard");
    const clock = dashboard.getByRole("region", { name: "Business time" });
    await dashboard.getByRole("heading", { name: "Events" }).scrollIntoViewIfNeeded();
    const place = await dashboard.evaluate(() => scrollY);
    expect(place).toBeGreaterThan(500);
    await expect(clock).toBeInViewport();
    const deliver = dashboard.getByRole("listitem").filter({ hasText: "checkout.session.completed" }).first();
    await Promise.all([dashboard.waitForEvent("load"), deliver.getByRole("button", { name: "Deliver again" }).click()]);
    await expect.poll(() => dashboard.evaluate(() => scrollY)).toBeGreaterThan(500);
    await dashboard.getByLabel(/^Search by/).fill(person.email);
    await dashboard.getByRole("button", { name: "Search" }).click();
    await expect(dashboard.getByRole("listitem").filter({ hasText: "a month" })).toHaveCount(1);
    await dashboard.getByRole("link", { name: "Data" }).first().click();
    await expect(dashboard.getByRole("region", { name: "Data" })).toContainText("object");
    await see(dashboard, "sandbox-object");
  });
});
