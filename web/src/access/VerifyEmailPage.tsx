import "../session/session.css";

import { useState } from "react";
import { Link, useLocation } from "react-router";

import { anonymous } from "../gateway/client";
import { Problem } from "../gateway/Problem";
import { useAction } from "../gateway/useAction";
import { VerifyEmailDocument } from "../generated/graphql";
import { Button } from "../style/Button";
import { Notice } from "../style/Notice";
import { text } from "../text/current";
import { IncompleteLink } from "./IncompleteLink";
import { linkToken } from "./linkToken";

/** The page of a mailed link to verify an email. Nobody has to be logged in. */
export function VerifyEmailPage() {
  const token = linkToken(useLocation().hash);
  return (
    <div className="session-page">
      <title>{text.title(text.access.verifyTitle)}</title>
      <section className="module">
        <h1>{text.access.verifyTitle}</h1>
        {token === null ? <IncompleteLink /> : <Verification token={token} />}
        <p>
          <Link to="/account">{text.access.toAccount}</Link>
        </p>
      </section>
    </div>
  );
}

/** Verifies by a click, not by opening the page: programs that check mails for harmful links open them, too. */
function Verification({ token }: { token: string }) {
  const { run, busy, failure } = useAction(VerifyEmailDocument, anonymous);
  const [email, setEmail] = useState<string | null>(null);
  const verify = async () => {
    const data = await run({ input: { token } });
    if (data) setEmail(data.verifyEmail.email);
  };
  if (email !== null) {
    return (
      <Notice look="good">
        <p>{text.access.verified(email)}</p>
      </Notice>
    );
  }
  return (
    <>
      <p className="quiet">{text.access.verifyText}</p>
      <Problem failure={failure} />
      <Button look="first" wide busy={busy} onClick={() => void verify()}>
        {text.access.verify}
      </Button>
    </>
  );
}
