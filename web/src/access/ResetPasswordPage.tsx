import "../session/session.css";

import { type SubmitEvent, useState } from "react";
import { Link, useLocation, useNavigate } from "react-router";

import { anonymous } from "../gateway/client";
import { Problem } from "../gateway/Problem";
import { useAction } from "../gateway/useAction";
import { ResetPasswordDocument } from "../generated/graphql";
import { sessions } from "../session/current";
import { NewPasswordFields, NO_PASSWORD } from "../session/NewPasswordFields";
import { Button } from "../style/Button";
import { text } from "../text/current";
import { IncompleteLink } from "./IncompleteLink";
import { linkToken } from "./linkToken";

/** The page of a mailed link to choose a new password. Afterwards it opens the account page. */
export function ResetPasswordPage() {
  const token = linkToken(useLocation().hash);
  return (
    <div className="session-page">
      <title>{text.title(text.access.newPasswordTitle)}</title>
      <section className="module">
        <h1>{text.access.newPasswordTitle}</h1>
        {token === null ? <IncompleteLink /> : <ResetForm token={token} />}
        <p>
          <Link to="/forgot-password">{text.access.requestLink}</Link>
        </p>
      </section>
    </div>
  );
}

function ResetForm({ token }: { token: string }) {
  const { run, busy, failure } = useAction(ResetPasswordDocument, anonymous);
  const [typed, setTyped] = useState(NO_PASSWORD);
  const navigate = useNavigate();
  const reset = async () => {
    const data = await run({ input: { token, newPassword: typed.password } });
    if (data === null) return;
    sessions.begin(data.resetPassword);
    // Replaced, so that the link is not in the browser's history.
    await navigate("/account", { replace: true, state: { passwordSet: true } });
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    // A person can be logged in here already, and the reset revokes that token.
    void sessions.revoking(reset);
  };
  return (
    <form className="form" onSubmit={submit}>
      <NewPasswordFields typed={typed} onChange={setTyped} />
      <Problem failure={failure} />
      <Button type="submit" look="first" wide busy={busy}>
        {text.access.setPassword}
      </Button>
    </form>
  );
}
