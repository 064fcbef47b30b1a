/** Reads the token of a mailed link from the address's fragment, which browsers send to no server; null without one. */
export function linkToken(hash: string): string | null {
  const token = new URLSearchParams(hash.replace(/^#/, "")).get("token");
  return token === "" ? null : token;
}
