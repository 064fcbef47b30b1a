import { type SubmitEvent, useState } from "react";

import { anonymous } from "../gateway/client";
import { Problem } from "../gateway/Problem";
import { useAction } from "../gateway/useAction";
import { LogInDocument } from "../generated/graphql";
import { Button } from "../style/Button";
import { sessions } from "./current";

/** Asks for email and password, and begins the session. Who is known already is asked for the password alone. */
export function LogInForm({ known }: { known?: string }) {
  const { run, busy, failure } = useAction(LogInDocument, anonymous);
  const [email, setEmail] = useState(known ?? "");
  const [password, setPassword] = useState("");
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const data = await run({ input: { email, password } });
    if (data) sessions.begin(data.logIn);
  };
  return (
    <form className="form" onSubmit={(event) => void submit(event)}>
      <div className="field">
        <label htmlFor="email">Email</label>
        <input
          id="email"
          type="email"
          autoComplete="username"
          required
          readOnly={known !== undefined}
          value={email}
          onChange={(event) => {
            setEmail(event.target.value);
          }}
        />
      </div>
      <div className="field">
        <label htmlFor="password">Password</label>
        <input
          id="password"
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => {
            setPassword(event.target.value);
          }}
        />
      </div>
      <Problem failure={failure} />
      <Button type="submit" look="first" wide busy={busy}>
        Log in
      </Button>
    </form>
  );
}
