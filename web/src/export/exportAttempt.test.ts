import { expect, test } from "vitest";

import { memory } from "../storage/memory";
import { ExportAttempts } from "./exportAttempt";

function keys(): () => string {
  let last = 0;
  return () => `key ${(last += 1)}`;
}

test("an attempt keeps its key until its outcome is known", () => {
  const storage = memory();
  const first = new ExportAttempts(storage, "1", keys()).begin("run");
  expect(new ExportAttempts(storage, "1", keys()).begin("run")).toEqual(first);
});

test("the next attempt has its own key", () => {
  const attempts = new ExportAttempts(memory(), "1", keys());
  const first = attempts.begin("run");
  attempts.end();
  expect(attempts.begin("run").idempotencyKey).not.toBe(first.idempotencyKey);
});

test("an attempt for another run is another attempt", () => {
  const attempts = new ExportAttempts(memory(), "1", keys());
  expect(attempts.begin("one").idempotencyKey).not.toBe(attempts.begin("other").idempotencyKey);
});

test("nobody continues the attempt of another user", () => {
  const storage = memory();
  new ExportAttempts(storage, "1", keys()).begin("run");
  expect(new ExportAttempts(storage, "2", keys()).open()).toBeNull();
});

test("an attempt that cannot be read is ignored", () => {
  const storage = memory();
  storage.setItem("patch-hive.export.1", "{");
  expect(new ExportAttempts(storage, "1", keys()).open()).toBeNull();
});

test("an attempt of another day is forgotten", () => {
  const storage = memory();
  let now = 0;
  const attempts = () => new ExportAttempts(storage, "1", keys(), () => now);
  const first = attempts().begin("run");
  now = 23 * 60 * 60 * 1000;
  expect(attempts().open()).toEqual(first);
  now += 60 * 60 * 1000;
  expect(attempts().open()).toBeNull();
});
