/** The query parameter that holds the page to open after logging in. */
const PARAMETER = "next";

/** The page to open when none was named. */
const DEFAULT = "/account";

/** An origin that no link can have. */
const HERE = "http://here.invalid";

/** The log-in page, which opens `path` afterwards. */
export function loginPath(path: string): string {
  return `/login?${new URLSearchParams({ [PARAMETER]: path }).toString()}`;
}

/** The page to open after logging in. It is always one of this site, so that a link cannot lead elsewhere under our name. */
export function pathAfterLogin(search: string): string {
  const path = ownPath(new URLSearchParams(search).get(PARAMETER) ?? "");
  // Removing dot segments can turn a path into an address: "/.//evil.example" becomes "//evil.example".
  return path !== null && ownPath(path) === path ? path : DEFAULT;
}

/** The normalized path and query of a link to this origin; null for any other link. */
function ownPath(link: string): string | null {
  if (!link.startsWith("/") || !URL.canParse(link, HERE)) return null;
  const { origin, pathname, search } = new URL(link, HERE);
  return origin === HERE ? pathname + search : null;
}
