import { tmpdir } from "node:os";
import { join } from "node:path";

import { defineConfig, devices } from "@playwright/test";

import { gateway, ports } from "./stories/stage";

/** What starts the gateway: a program that is built already, or cargo. */
const program = process.env["PATCH_HIVE"] ?? "cargo run --quiet --manifest-path ../Cargo.toml --";

const database = `sqlite:${join(tmpdir(), `patch-hive-stories-${ports.gateway}.db`)}`;

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
  // A page that lay behind the sandbox's is at times not drawn again by headless Chromium: the list says "flaky" then.
  retries: 2,
  forbidOnly: true,
  reporter: "list",
  timeout: 40_000,
  expect: { timeout: 10_000 },
  use: { baseURL: gateway, trace: "retain-on-failure", timezoneId: "UTC" },
  projects: [
    { name: "stories", use: chromium, testIgnore: /clock\// },
    // There is one clock for everybody: it is moved once nobody else looks at it.
    { name: "clock", use: chromium, testMatch: /clock\//, dependencies: ["stories"], fullyParallel: false },
  ],
  webServer: {
    command: `${program} dev --fresh --bind 127.0.0.1:${ports.gateway} --sandbox-bind 127.0.0.1:${ports.sandbox} --database-url ${database}`,
    url: `${gateway}/readyz`,
    reuseExistingServer: false,
    timeout: 900_000,
    gracefulShutdown: { signal: "SIGTERM", timeout: 5_000 },
  },
});
