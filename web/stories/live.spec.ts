import { balance } from "./checkout";
import { expect, grant, test } from "./person";

test("a change in one tab shows in the other", async ({ page, context, person, request }) => {
  await grant(request, person, 9);
  await page.goto("/account");
  const other = await context.newPage();
  await other.goto("/pricing");
  const pill = other.getByRole("link", { name: /^Your balance/ });
  await expect(pill).toContainText("9");
  await page.getByRole("button", { name: "Export PatchBook" }).click();
  await expect(balance(page)).toContainText("6");
  await expect(pill).toContainText("6");
  await grant(request, person, 100);
  await expect(pill).toContainText("106");
  await expect(page.getByRole("cell", { name: "+100" })).toBeVisible();

  await other.getByRole("button", { name: "Log out", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Log in" })).toBeVisible();
});

test("a socket that is cut reconnects and misses nothing", async ({ page, person, request }) => {
  const sockets: { close: () => void }[] = [];
  const requested: unknown[] = [];
  let open = true;
  await page.routeWebSocket("**/graphql", (socket) => {
    if (!open) {
      void socket.close();
      return;
    }
    const server = socket.connectToServer();
    socket.onMessage((message) => {
      const { payload } = JSON.parse(message.toString()) as { payload?: { query?: string; variables?: unknown } };
      if (payload?.query?.includes("balanceChanged")) requested.push(payload.variables);
      server.send(message);
    });
    sockets.push({
      close: () => {
        void socket.close();
        void server.close();
      },
    });
  });
  await grant(request, person, 5);
  await page.goto("/account");
  await expect(balance(page)).toContainText("5");

  open = false;
  for (const socket of sockets.splice(0)) socket.close();
  await expect(page.getByText("Reconnecting.")).toBeVisible();
  await grant(request, person, 30);
  await grant(request, person, 7);
  open = true;
  await expect(balance(page)).toContainText("42");
  await expect(page.getByText("Reconnecting.")).toBeHidden();
  // The query of the first values may arrive before the socket is open.
  expect([{}, { afterVersion: 1 }]).toContainEqual(requested[0]);
  expect(requested.at(-1)).toEqual({ afterVersion: 1 });
});

test("a page that is offline says so, and is updated afterwards", async ({ page, context, person, request }) => {
  await grant(request, person, 5);
  await page.goto("/account");
  await expect(balance(page)).toContainText("5");
  await context.setOffline(true);
  await expect(page.getByText("You are offline.")).toBeVisible();
  const exporting = page.getByRole("region", { name: "Export a PatchBook" });
  await exporting.getByRole("button", { name: "Export PatchBook" }).click();
  await expect(exporting.getByRole("alert")).toContainText("cannot be reached");
  await grant(request, person, 60);
  await context.setOffline(false);
  await expect(balance(page)).toContainText("65");
  await exporting.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("3 credits charged")).toBeVisible();
  await expect(balance(page)).toContainText("62");
});

test("without a websocket the account is shown nevertheless", async ({ page, person, request }) => {
  await page.routeWebSocket("**/graphql", (socket) => void socket.close());
  await grant(request, person, 9);
  await page.goto("/account");
  await expect(balance(page)).toContainText("9");
  await expect(page.getByRole("region", { name: "Plan" })).toContainText("No subscription");
});
