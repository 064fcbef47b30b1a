import { CombinedError } from "urql";
import { expect, test } from "vitest";

import { LoggedOut } from "../session/session";
import { failure, isUnauthenticated } from "./failure";

const refused = (code: string, message: string, more = {}) =>
  new CombinedError({ graphQLErrors: [{ message, extensions: { code, ...more } }] });

test("a gateway that cannot be reached may be tried again", () => {
  const unreachable = failure(new CombinedError({ networkError: new Error("Failed to fetch") }));
  expect(unreachable).toMatchObject({ code: "UNREACHABLE", again: true });
});

test("who logged out instead is told so", () => {
  expect(failure(new CombinedError({ networkError: new LoggedOut() }))).toMatchObject({
    code: "LOGGED_OUT",
    again: false,
  });
});

test("what the gateway says is passed on as a sentence", () => {
  expect(failure(refused("BAD_USER_INPUT", "the email is taken"))).toEqual({
    code: "BAD_USER_INPUT",
    message: "The email is taken.",
    again: false,
  });
});

test("a fault of the gateway comes with what to name to the operator", () => {
  const internal = failure(refused("INTERNAL", "something went wrong", { requestId: "abc" }));
  expect(internal).toEqual({ code: "INTERNAL", message: "Something went wrong. (abc)", again: true });
});

test("a refused token is recognised", () => {
  expect(isUnauthenticated(refused("UNAUTHENTICATED", "no"))).toBe(true);
  expect(isUnauthenticated(refused("FORBIDDEN", "no"))).toBe(false);
});
