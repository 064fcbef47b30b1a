import type { CombinedError } from "urql";

import { LoggedOut } from "../session/session";
import { text } from "../text/current";
import { ruleText } from "./ruleText";

/** The text that a page shows for an error. */
export interface Failure {
  code: string;
  message: string;
  /** True if trying again can help. */
  again: boolean;
}

/** Texts for the error codes of the API. For any other code, the API's own message is shown. */
const MESSAGES: Record<string, string> = {
  STRIPE_DISABLED: text.failures.paymentsDisabled,
  STRIPE_UNAVAILABLE: text.failures.stripeUnavailable,
  RATE_LIMITED: text.failures.rateLimited,
  UNAVAILABLE: text.failures.unavailable,
  INTERNAL: text.failures.internal,
  MAIL_DISABLED: text.failures.mailDisabled,
};

const AGAIN = new Set(["STRIPE_UNAVAILABLE", "UNAVAILABLE", "RATE_LIMITED", "INTERNAL", "CONFLICT"]);

/** Turns an error of the client into what to tell the person. */
export function failure(error: CombinedError): Failure {
  const first = error.graphQLErrors[0];
  if (first === undefined) {
    return error.networkError instanceof LoggedOut
      ? { code: "LOGGED_OUT", message: text.failures.loggedOut, again: false }
      : { code: "UNREACHABLE", message: text.failures.unreachable, again: true };
  }
  const { code: given, requestId } = first.extensions;
  const code = typeof given === "string" ? given : "INTERNAL";
  const message = MESSAGES[code] ?? ruleText(first.extensions) ?? sentence(first.message);
  const id = typeof requestId === "string" ? ` ${text.failures.requestId(requestId)}` : "";
  return { code, message: message + id, again: AGAIN.has(code) };
}

/** Checks whether the token was refused. */
export function isUnauthenticated(error: CombinedError): boolean {
  return error.graphQLErrors.some((one) => one.extensions["code"] === "UNAUTHENTICATED");
}

/** Messages of the API may begin in lower case and end without a period. */
function sentence(message: string): string {
  const begun = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
