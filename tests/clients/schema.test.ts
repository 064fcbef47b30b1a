/** schema.graphql is what clients generate their types from: none of them may break unnoticed. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { CriticalityLevel, diff } from "@graphql-inspector/core";
import { buildSchema } from "graphql";

const ROOT = new URL("../../", import.meta.url);

const read = (path: string) => readFile(new URL(path, ROOT), "utf8");

/** The part of a version that promises: `1` of 1.4.2, `0.3` of 0.3.1. */
function promise(version: string): string {
  const [major, minor] = version.split(".");
  return major === "0" ? `0.${minor}` : major!;
}

test("nothing breaks the clients of the last release within its major version", async (context) => {
  const released = await read("tests/snapshots/released.graphql");
  const [, before] = /^# (\d+\.\d+\.\d+)\n/.exec(released) ?? [];
  const [, now] = /^version = "(.+)"$/m.exec(await read("Cargo.toml")) ?? [];
  assert.ok(before !== undefined && now !== undefined, "released.graphql begins with its version, as Cargo.toml has it");
  const changes = await diff(buildSchema(released), buildSchema(await read("schema.graphql")));
  const of = (level: CriticalityLevel) =>
    changes.filter((change) => change.criticality.level === level).map((change) => change.message);
  const breaking = of(CriticalityLevel.Breaking);
  context.diagnostic(`since ${before}: ${breaking.length} breaking of ${changes.length} changes`);
  for (const message of of(CriticalityLevel.Dangerous)) context.diagnostic(`dangerous: ${message}`);
  if (promise(now) === promise(before)) assert.deepEqual(breaking, [], "raise the version, or break nothing");
});
