import type { CombinedError } from "urql";

import { LoggedOut } from "../session/session";

/** Why something could not be done, for people, and whether to try again may help. */
export interface Failure {
  code: string;
  message: string;
  again: boolean;
}

const UNREACHABLE: Failure = {
  code: "UNREACHABLE",
  message: "The gateway cannot be reached. Nothing was lost: try again.",
  again: true,
};

/** What people can do about each of the gateway's codes; other codes come with a sentence of their own. */
const SENTENCES: Record<string, string> = {
  STRIPE_DISABLED: "Nothing can be bought here at the moment.",
  STRIPE_UNAVAILABLE: "Stripe does not answer. Nothing was done twice and nothing was lost: try again.",
  RATE_LIMITED: "That was a lot at once. Wait a moment, then try again.",
  UNAVAILABLE: "The gateway is busy. Nothing was done twice and nothing was lost: try again.",
};

const AGAIN = new Set(["STRIPE_UNAVAILABLE", "UNAVAILABLE", "RATE_LIMITED", "INTERNAL", "CONFLICT"]);

/** What an error of the client means to the person in front of it. */
export function failure(error: CombinedError): Failure {
  const first = error.graphQLErrors[0];
  if (first === undefined) {
    if (error.networkError instanceof LoggedOut) {
      return { code: "LOGGED_OUT", message: error.networkError.message, again: false };
    }
    return UNREACHABLE;
  }
  const { code, requestId } = first.extensions as { code?: unknown; requestId?: unknown };
  const known = typeof code === "string" ? code : "INTERNAL";
  const message = SENTENCES[known] ?? sentence(first.message);
  const named = typeof requestId === "string" ? `${message} (${requestId})` : message;
  return { code: known, message: named, again: AGAIN.has(known) };
}

/** Whether the token was refused. */
export function isUnauthenticated(error: CombinedError): boolean {
  return error.graphQLErrors.some((one) => one.extensions["code"] === "UNAUTHENTICATED");
}

/** The gateway's messages begin in lower case and end without a stop. */
function sentence(message: string): string {
  const begun = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
