import { expect, test } from "vitest";

import { loginPath } from "./afterLogin";
import { purpose } from "./purpose";

const of = (path: string) => purpose(loginPath(path).replace("/login", ""));

test("a visitor who chose a plan or a pack reads what follows", () => {
  expect(of("/pricing?subscribe=PRO")).toBe(
    "To subscribe to Pro, log in or sign up. The payment page opens right after that.",
  );
  expect(of("/credits?credits=40&purchase=now")).toContain("To buy 40 credits, ");
});

test.each([
  "/account",
  "/pricing?subscribe=FREE",
  "/pricing?subscribe=odd",
  "/credits?credits=40",
  "/credits?purchase=now&credits=x",
])("nothing is announced on the way to %s", (path) => {
  expect(of(path)).toBeNull();
});
