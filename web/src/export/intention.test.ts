import { expect, test } from "vitest";

import { memory } from "../storage/memory";
import { Intentions } from "./intention";

function keys(): () => string {
  let last = 0;
  return () => `key ${(last += 1)}`;
}

test("a wish keeps its key until its outcome is known", () => {
  const storage = memory();
  const first = new Intentions(storage, "1", keys()).begin("run");
  expect(new Intentions(storage, "1", keys()).begin("run")).toEqual(first);
});

test("the next wish has a key of its own", () => {
  const intentions = new Intentions(memory(), "1", keys());
  const first = intentions.begin("run");
  intentions.end();
  expect(intentions.begin("run").idempotencyKey).not.toBe(first.idempotencyKey);
});

test("a wish for something else is another wish", () => {
  const intentions = new Intentions(memory(), "1", keys());
  expect(intentions.begin("one").idempotencyKey).not.toBe(intentions.begin("other").idempotencyKey);
});

test("nobody goes on with the wish of another", () => {
  const storage = memory();
  new Intentions(storage, "1", keys()).begin("run");
  expect(new Intentions(storage, "2", keys()).open()).toBeNull();
});

test("what is no wish is none", () => {
  const storage = memory();
  storage.setItem("patch-hive.export.1", "{");
  expect(new Intentions(storage, "1", keys()).open()).toBeNull();
});
