import "../session/session.css";

import { Link, useLocation, useNavigate } from "react-router";

import { anonymous } from "../gateway/client";
import { Problem } from "../gateway/Problem";
import { useAction } from "../gateway/useAction";
import { ConfirmEmailDocument } from "../generated/graphql";
import { sessions } from "../session/current";
import { Button } from "../style/Button";
import { text } from "../text/current";
import { IncompleteLink } from "./IncompleteLink";
import { linkToken } from "./linkToken";

/** The page of a mailed link to change an email. Nobody has to be logged in. Afterwards it opens the account page. */
export function ConfirmEmailPage() {
  const token = linkToken(useLocation().hash);
  return (
    <div className="session-page">
      <title>{text.title(text.access.confirmTitle)}</title>
      <section className="module">
        <h1>{text.access.confirmTitle}</h1>
        {token === null ? <IncompleteLink /> : <Confirmation token={token} />}
        <p>
          <Link to="/account">{text.access.toAccount}</Link>
        </p>
      </section>
    </div>
  );
}

/** Confirms by a click, not by opening the page: programs that check mails for harmful links open them, too. */
function Confirmation({ token }: { token: string }) {
  const { run, busy, failure } = useAction(ConfirmEmailDocument, anonymous);
  const navigate = useNavigate();
  const confirm = async () => {
    const data = await run({ input: { token } });
    if (data === null) return;
    sessions.begin(data.confirmEmail);
    // Replaced, so that the link is not in the browser's history.
    await navigate("/account", { replace: true, state: { emailConfirmed: data.confirmEmail.user.email } });
  };
  return (
    <>
      <p className="quiet">{text.access.confirmText}</p>
      <Problem failure={failure} />
      <Button look="first" wide busy={busy} onClick={() => void sessions.revoking(confirm)}>
        {text.access.confirm}
      </Button>
    </>
  );
}
