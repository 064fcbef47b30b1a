import { Link } from "react-router";

/** For a path that leads nowhere. */
export function Lost() {
  return (
    <>
      <title>Nothing here – Patch-Hive</title>
      <div className="page-title">
        <h1>Nothing is patched in here</h1>
        <p className="lead">The address may be mistyped, or the page has moved.</p>
      </div>
      <Link className="button" to="/">
        To the first page
      </Link>
    </>
  );
}
