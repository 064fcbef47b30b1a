import { anonymous } from "../gateway/client";
import { LogOutDocument } from "../generated/graphql";
import { sessions } from "./current";

/**
 * Logs the person out at once, also without a connection. The token is revoked as well if the API can be reached, and
 * expires otherwise.
 */
export function logOut(): void {
  const { token } = sessions;
  sessions.end();
  if (token === undefined) return;
  const fetchOptions = { headers: { Authorization: `Bearer ${token}` }, keepalive: true };
  void anonymous.mutation(LogOutDocument, {}, { fetchOptions }).toPromise();
}
