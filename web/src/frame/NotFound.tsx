import { Link } from "react-router";

import { text } from "../text/current";

/** The page for a path that does not exist. */
export function NotFound() {
  return (
    <>
      <title>{text.title(text.notFound.title)}</title>
      <div className="page-title">
        <h1>{text.notFound.title}</h1>
        <p className="lead">{text.notFound.lead}</p>
      </div>
      <Link className="button" to="/">
        {text.notFound.home}
      </Link>
    </>
  );
}
