/** The query parameter that says where to go on after logging in. */
const NEXT = "next";

/** The page to log in on, which then leads to `path`. */
export function loginPath(path: string): string {
  return `/login?${new URLSearchParams({ [NEXT]: path }).toString()}`;
}

/**
 * Where to go on after logging in: a page of ours and nothing else, or a link from elsewhere could lead away from here
 * under our name.
 */
export function nextPath(search: string): string {
  const path = new URLSearchParams(search).get(NEXT) ?? "";
  const here = "http://here.invalid";
  try {
    const url = new URL(path, here);
    const own = path.startsWith("/") && url.origin === here;
    return own ? `${url.pathname}${url.search}` : "/account";
  } catch {
    return "/account";
  }
}
