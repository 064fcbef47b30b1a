import "./session.css";

import { type SubmitEvent, useState } from "react";
import { Link, Navigate, useLocation } from "react-router";

import { anonymous } from "../gateway/client";
import { Problem } from "../gateway/Problem";
import { useAction } from "../gateway/useAction";
import { SignUpDocument } from "../generated/graphql";
import { Consent } from "../legal/Consent";
import { Button } from "../style/Button";
import { Field } from "../style/Field";
import { text } from "../text/current";
import { pathAfterLogin } from "./afterLogin";
import { CredentialFields } from "./CredentialFields";
import { sessions, useSession } from "./current";
import { purpose } from "./purpose";

export function SignUpPage() {
  const session = useSession();
  const { search } = useLocation();
  if (session.is !== "out") return <Navigate to={pathAfterLogin(search)} replace />;
  const reason = purpose(search);
  return (
    <div className="session-page">
      <title>{text.title(text.session.signUp)}</title>
      <section className="module">
        <h1>{text.session.signUp}</h1>
        {reason !== null && <p>{reason}</p>}
        <p className="quiet">{text.session.free}</p>
        <SignUpForm />
        <p className="quiet">
          {text.session.isKnown} <Link to={{ pathname: "/login", search }}>{text.session.logIn}</Link>
        </p>
      </section>
    </div>
  );
}

function SignUpForm() {
  const { run, busy, failure } = useAction(SignUpDocument, anonymous);
  const [username, setUsername] = useState("");
  const [credentials, setCredentials] = useState({ email: "", password: "" });
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const data = await run({ input: { ...credentials, username } });
    if (data) sessions.begin(data.signUp);
  };
  return (
    <form className="form" onSubmit={(event) => void submit(event)}>
      <Field
        label={text.session.name}
        hint={text.session.nameHint}
        autoComplete="nickname"
        required
        maxLength={100}
        value={username}
        onChange={(event) => {
          setUsername(event.target.value);
        }}
      />
      <CredentialFields credentials={credentials} onChange={setCredentials} isNew />
      <Consent />
      <Problem failure={failure} />
      <Button type="submit" look="first" wide busy={busy}>
        {text.session.signUp}
      </Button>
    </form>
  );
}
