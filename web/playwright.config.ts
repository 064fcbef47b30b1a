import { tmpdir } from "node:os";
import { join } from "node:path";

import { defineConfig, devices } from "@playwright/test";

import { gateway, log, ports } from "./stories/stage";

/** The command that starts the gateway: a built binary, or cargo. */
const program = process.env["PATCH_HIVE"] ?? "cargo run --quiet --manifest-path ../Cargo.toml --";

const database = `sqlite:${join(tmpdir(), `patch-hive-stories-${ports.gateway}.db`)}`;

/** Optional features, which the stories use. */
const settings =
  "--stripe-promotion-codes true --terms-url https://patchhive.example/terms --privacy-url https://patchhive.example/privacy";

const chromium = {
  ...devices["Desktop Chrome"],
  launchOptions: {
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  },
};

export default defineConfig({
  testDir: "stories",
  fullyParallel: true,
  workers: 2,
  retries: 0,
  forbidOnly: true,
  reporter: "list",
  timeout: 180_000,
  expect: { timeout: 45_000 },
  use: {
    baseURL: gateway,
    trace: { mode: "retain-on-failure", screenshots: false },
    timezoneId: "UTC",
    locale: "en-US",
  },
  projects: [
    { name: "stories", use: chromium, testIgnore: /(clock|pictures)\// },
    // All stories share the clock of the sandbox, so it is advanced after the others are done.
    { name: "clock", use: chromium, testMatch: /clock\//, dependencies: ["stories"], fullyParallel: false },
    // Takes the pictures of README, and runs only if PICTURES is set.
    ...(process.env["PICTURES"] === undefined ? [] : [{ name: "pictures", use: chromium, testMatch: /pictures\// }]),
  ],
  webServer: {
    command: `${program} dev --fresh --bind 127.0.0.1:${ports.gateway} --sandbox-bind 127.0.0.1:${ports.sandbox} --database-url ${database} ${settings} 2>&1 >/dev/null | tee ${log} >&2`,
    url: `${gateway}/readyz`,
    reuseExistingServer: false,
    timeout: 900_000,
    gracefulShutdown: { signal: "SIGTERM", timeout: 5_000 },
  },
});
