import { CombinedError } from "urql";
import { expect, test } from "vitest";

import { LoggedOut } from "../session/session";
import { failure, isUnauthenticated } from "./failure";

const refused = (code: string, message: string, more = {}) =>
  new CombinedError({ graphQLErrors: [{ message, extensions: { code, ...more } }] });

test("a request that did not reach the API can be tried again", () => {
  const unreachable = failure(new CombinedError({ networkError: new Error("Failed to fetch") }));
  expect(unreachable).toMatchObject({ code: "UNREACHABLE", again: true });
});

test("logging out instead of in shows a message of its own", () => {
  expect(failure(new CombinedError({ networkError: new LoggedOut() }))).toMatchObject({
    code: "LOGGED_OUT",
    again: false,
  });
});

test("a message of the API is shown as a sentence", () => {
  expect(failure(refused("BAD_USER_INPUT", "the email is taken"))).toEqual({
    code: "BAD_USER_INPUT",
    message: "The email is taken.",
    again: false,
  });
});

test("an argument that is not valid has a text of the pages, if they have one", () => {
  const { message } = failure(
    refused("BAD_USER_INPUT", "The token is void.", { field: "input.token", rule: "INVALID_LINK" }),
  );
  expect(message).toBe("This link is invalid, has expired or was used.");
});

test("an internal error comes with the id to send to support", () => {
  const internal = failure(refused("INTERNAL", "something went wrong", { requestId: "abc" }));
  expect(internal.message).toMatch(/^Something went wrong on our side.*: abc$/);
  expect(internal.again).toBe(true);
});

test("a refused token is recognized", () => {
  expect(isUnauthenticated(refused("UNAUTHENTICATED", "no"))).toBe(true);
  expect(isUnauthenticated(refused("FORBIDDEN", "no"))).toBe(false);
});
