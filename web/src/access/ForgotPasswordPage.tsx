import "../session/session.css";

import { type SubmitEvent, useState } from "react";
import { Link, useLocation } from "react-router";

import { anonymous } from "../gateway/client";
import { Problem } from "../gateway/Problem";
import { useAction } from "../gateway/useAction";
import { RequestPasswordResetDocument } from "../generated/graphql";
import { Button } from "../style/Button";
import { Field } from "../style/Field";
import { Notice } from "../style/Notice";
import { text } from "../text/current";

/** The page that requests a link to choose a new password. */
export function ForgotPasswordPage() {
  return (
    <div className="session-page">
      <title>{text.title(text.access.forgotTitle)}</title>
      <section className="module">
        <h1>{text.access.forgotTitle}</h1>
        <p className="quiet">{text.access.forgotText}</p>
        <RequestForm />
        <p>
          <Link to="/login">{text.access.backToLogIn}</Link>
        </p>
      </section>
    </div>
  );
}

function RequestForm() {
  const { run, busy, failure } = useAction(RequestPasswordResetDocument, anonymous);
  const [email, setEmail] = useState(typedEmail(useLocation().state));
  const [sentTo, setSentTo] = useState<string | null>(null);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setSentTo(null);
    const data = await run({ input: { email } });
    if (data) setSentTo(data.requestPasswordReset.email);
  };
  return (
    <form className="form" onSubmit={(event) => void submit(event)}>
      <Field
        label={text.session.email}
        type="email"
        autoComplete="username"
        required
        value={email}
        onChange={(event) => {
          setEmail(event.target.value);
        }}
      />
      <Problem failure={failure} />
      {sentTo !== null && (
        <Notice look="good">
          <p>{text.access.resetSent(sentTo)}</p>
        </Notice>
      )}
      <Button type="submit" look="first" wide busy={busy}>
        {text.access.sendLink}
      </Button>
    </form>
  );
}

/** The email that was typed on the log-in page. */
function typedEmail(state: unknown): string {
  if (typeof state !== "object" || state === null || !("email" in state)) return "";
  return typeof state.email === "string" ? state.email : "";
}
