import { balance, pay, subscribe } from "./checkout";
import { press } from "./dashboard";
import { seeInAllLooks } from "./look";
import { expect, test } from "./person";
import { sandbox } from "./stage";
import { stripeOf } from "./stripe";

/** Takes some days, and then pays or fails. */
const BANK_ACCOUNT = "000123456789";

/** Opens the checkout of a pack, and pays it by bank account. */
async function payByBank(page: Parameters<typeof pay>[0], credits: number): Promise<void> {
  await page.goto(`/credits?credits=${credits}`);
  await page.getByRole("button", { name: "Continue to payment" }).click();
  await pay(page, BANK_ACCOUNT);
  await expect(page).toHaveURL(/\/account$/);
}

test("a bank payment is processing until it is paid, and the notice can be closed", async ({ page, browser }) => {
  await payByBank(page, 137);
  await expect(page.getByText("Your payment is being processed.")).toBeVisible();
  await expect(page.getByText("received")).toHaveCount(0);
  const packs = page.getByRole("region", { name: "Credit packs" });
  await expect(packs.getByRole("row", { name: "137 credits" })).toContainText("Processing");
  await seeInAllLooks(page, "processing");
  await page.getByRole("button", { name: "Close", exact: true }).click();
  await expect(page.getByText("Your payment is being processed.")).toBeHidden();

  await press(browser, ["27.40"], "The payment succeeds");
  await expect(balance(page)).toContainText("137");
  await expect(packs.getByRole("row", { name: "137 credits" })).toContainText("Paid");
});

test("a payment that is reported late appears in the list, and the notice follows it", async ({
  page,
  browser,
  request,
}) => {
  const delivery = { kind: "late", millis: 4_000 };
  await request.post(`${sandbox}/sandbox/faults`, {
    data: { event: "checkout.session.completed", times: 1, delivery },
  });
  await payByBank(page, 139);
  const packs = page.getByRole("region", { name: "Credit packs" });
  await expect(packs.getByRole("row", { name: "139 credits" })).toContainText("Processing");
  await press(browser, ["27.80"], "The payment succeeds");
  await expect(page.getByText("Payment received. 139 credits added.")).toBeVisible();
});

test("a bank payment that fails is shown as failed, and adds no credits", async ({ page, browser }) => {
  await payByBank(page, 141);
  const packs = page.getByRole("region", { name: "Credit packs" });
  await expect(packs.getByRole("row", { name: "141 credits" })).toContainText("Processing");
  await press(browser, ["28.20"], "The payment fails");
  await expect(packs.getByRole("row", { name: "141 credits" })).toContainText("Failed");
  await expect(page.getByRole("alert")).toContainText("The payment failed.");
  await seeInAllLooks(page, "failed");
  await expect(page.getByText("141 credits added")).toHaveCount(0);
  await expect(balance(page)).toContainText("0");
});

for (const address of ["payment=success", "payment=success&tier=PRO", "payment=success&checkout=cs_test_nothing"]) {
  test(`an address that was typed claims no payment: ${address}`, async ({ page }) => {
    await page.goto(`/account?${address}`);
    await expect(page.getByText("Not enough credits for an export.")).toBeVisible();
    for (const claim of ["received", "Thank you", "You are on", "added"]) {
      await expect(page.getByRole("status").filter({ hasText: claim })).toHaveCount(0);
    }
  });
}

test("an address that names an unpaid checkout leads to its page, and shows the payment once it is made", async ({
  page,
}) => {
  await page.goto("/credits?credits=40");
  await page.getByRole("button", { name: "Continue to payment" }).click();
  await expect(page).toHaveURL(/\/pay\/cs_/);
  const id = new URL(page.url()).pathname.split("/").pop() ?? "";
  await page.goto(`/account?payment=success&checkout=${id}`);
  await expect(page.getByText("This checkout has not been paid.")).toBeVisible();
  await page.getByRole("link", { name: "Continue to payment" }).click();
  await pay(page);
  await expect(page.getByText("Payment received. 40 credits added.")).toBeVisible();
  await expect(balance(page)).toContainText("40");
});

test("a refund is called a refund and a dispute a dispute, each with its payment", async ({
  page,
  browser,
  person,
}) => {
  await page.goto("/credits?credits=40");
  await page.getByRole("button", { name: "Continue to payment" }).click();
  await pay(page);
  await expect(page.getByText("40 credits added.")).toBeVisible();
  await page.goto("/credits?credits=30");
  await page.getByRole("button", { name: "Continue to payment" }).click();
  await pay(page);
  await expect(balance(page)).toContainText("70");

  await press(browser, [person.email, "6.00"], "Refund");
  await expect(page.getByRole("row", { name: "Your payment of $6.00 was refunded" })).toContainText("−30");
  await press(browser, [person.email, "8.00"], "Dispute: chargeback");
  await expect(page.getByRole("row", { name: "Your payment of $8.00 was disputed" })).toContainText("Dispute");
  await expect(balance(page)).toContainText("0");
  const packs = page.getByRole("region", { name: "Credit packs" });
  await expect(packs.getByRole("row", { name: "30 credits" })).toContainText("Refunded");
  await expect(packs.getByRole("row", { name: "40 credits" })).toContainText("Disputed");
  await seeInAllLooks(page, "disputed");

  await press(browser, ["Dispute of $8.00"], "Win it");
  const restored = page.getByRole("row", { name: "The dispute over $8.00 is over and the payment stands" });
  await expect(restored).toContainText("+40");
  // What happened before has its own words.
  await expect(page.getByRole("row", { name: "Your payment of $8.00 was disputed" })).toContainText("−40");
  await seeInAllLooks(page, "refunded");
});

test("a change of plan and the refund of a plan name the plan and its period", async ({ page, browser, person }) => {
  await subscribe(page, "Core");
  await page.goto("/pricing");
  await page.getByRole("button", { name: "Upgrade to Pro" }).click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: /and upgrade$/ })
    .click();
  await expect(balance(page)).toContainText("100");
  await expect(page.getByRole("row", { name: /Change of plan.*Pro, period until/ })).toContainText("+75");
  await expect(page.getByRole("row", { name: /Plan.*Core, period until/ })).toContainText("+25");
  await press(browser, [person.email, "4.99"], "Refund");
  const refund = page.getByRole("row", {
    name: /^.*Refund.*\$4\.99 of the \$14\.99 paid for the period was refunded \(Core, period until /,
  });
  await expect(refund).toContainText("−33");
  await seeInAllLooks(page, "plan-refunded");
});

test("unlimited exports and the plan that ends have one date", async ({ page }) => {
  await subscribe(page, "Studio");
  const words = page.getByRole("region", { name: "Balance" });
  await expect(words).toContainText("Exports are unlimited.");
  await expect(words).not.toContainText("0 credits");
  await page.getByRole("button", { name: "Cancel plan" }).click();
  const dialog = page.getByRole("dialog", { name: "Cancel Studio?" });
  await expect(dialog).toContainText("the end of the period that you have paid for");
  await dialog.getByRole("button", { name: "Cancel plan" }).click();
  const plan = page.getByRole("region", { name: "Plan" });
  await expect(plan).toContainText("Canceled");
  const end = /Ends on (\w+ \d+, \d{4})\./.exec(await plan.innerText())?.[1] ?? "no date";
  await expect(words).toContainText(`until ${end}`);
  await seeInAllLooks(page, "unlimited-ending");
});

test("a plan that has ended leaves a trace", async ({ page, person, request }) => {
  await subscribe(page, "Core");
  await stripeOf(request).end(person.email);
  const plan = page.getByRole("region", { name: "Plan" });
  await expect(plan).toContainText("Your plan Core has ended, and you keep your credits.");
  await expect(page.getByText("Core starts in a moment.")).toHaveCount(0);
  await expect(balance(page)).toContainText("25");
  await seeInAllLooks(page, "ended");
});
