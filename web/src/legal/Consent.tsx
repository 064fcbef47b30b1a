import { text } from "../text/current";
import type { LinkedSentence } from "../text/legal";
import { useLegalLinks } from "./useLegalLinks";

/** Says what a person agrees to by signing up, if the server has legal texts. */
export function Consent() {
  const links = useLegalLinks();
  if (links === null) return null;
  const { termsUrl, privacyUrl } = links;
  if (termsUrl === null && privacyUrl === null) return null;
  return (
    <p className="quiet small">
      {termsUrl !== null && <Linked sentence={text.legal.accept} url={termsUrl} />}{" "}
      {privacyUrl !== null && <Linked sentence={text.legal.read} url={privacyUrl} />}
    </p>
  );
}

/** A sentence with its link, which opens beside the form so that nothing typed is lost. */
function Linked({ sentence: [before, label, after], url }: { sentence: LinkedSentence; url: string }) {
  return (
    <>
      {before}
      <a href={url} target="_blank" rel="noreferrer">
        {label}
      </a>
      {after}
    </>
  );
}
