import "./legal.css";

import { text } from "../text/current";
import { useLegalLinks } from "./useLegalLinks";

/** The links to the legal texts in the footer, if the server has any. */
export function LegalLinks() {
  const links = useLegalLinks();
  if (links === null) return null;
  const { termsUrl, privacyUrl } = links;
  if (termsUrl === null && privacyUrl === null) return null;
  return (
    <nav className="rail-inside small legal" aria-label={text.legal.links}>
      {termsUrl !== null && <a href={termsUrl}>{text.legal.terms}</a>}
      {privacyUrl !== null && <a href={privacyUrl}>{text.legal.privacy}</a>}
    </nav>
  );
}
