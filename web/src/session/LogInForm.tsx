import { type SubmitEvent, useState } from "react";
import { Link } from "react-router";

import { anonymous } from "../gateway/client";
import type { Failure } from "../gateway/failure";
import { Problem } from "../gateway/Problem";
import { useAction } from "../gateway/useAction";
import { LogInDocument } from "../generated/graphql";
import { Button } from "../style/Button";
import { text } from "../text/current";
import { CredentialFields } from "./CredentialFields";
import { sessions } from "./current";

/** Logs a person in. With the `email` of an expired session, only the password is requested. */
export function LogInForm({ email }: { email?: string }) {
  const { run, busy, failure } = useAction(LogInDocument, anonymous);
  const [credentials, setCredentials] = useState({ email: email ?? "", password: "" });
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const data = await run({ input: credentials });
    if (data) sessions.begin(data.logIn);
  };
  return (
    <form className="form" onSubmit={(event) => void submit(event)}>
      <CredentialFields credentials={credentials} onChange={setCredentials} emailFixed={email !== undefined} />
      <Problem failure={wrong(failure)} />
      <Button type="submit" look="first" wide busy={busy}>
        {text.session.logIn}
      </Button>
      {email === undefined && (
        <Link className="small" to="/forgot-password" state={{ email: credentials.email }}>
          {text.access.forgot}
        </Link>
      )}
    </form>
  );
}

/** Says in the reader's language that the credentials are wrong. */
function wrong(failure: Failure | null): Failure | null {
  return failure?.code === "WRONG_CREDENTIALS" ? { ...failure, message: text.session.wrong } : failure;
}
