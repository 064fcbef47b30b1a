import "./session.css";

import { type SubmitEvent, useState } from "react";
import { Link, Navigate, useLocation } from "react-router";

import { anonymous } from "../gateway/client";
import { Problem } from "../gateway/Problem";
import { useAction } from "../gateway/useAction";
import { SignUpDocument } from "../generated/graphql";
import { Button } from "../style/Button";
import { sessions, useSession } from "./current";
import { nextPath } from "./next";
import { passwordProblem } from "./password";

export function SignUpPage() {
  const session = useSession();
  const { search } = useLocation();
  if (session.is !== "out") return <Navigate to={nextPath(search)} replace />;
  return (
    <div className="session-page">
      <title>Sign up – Patch-Hive</title>
      <section className="module">
        <h1>Sign up</h1>
        <p className="quiet">Free, and without a card. Credits come later, when you want some.</p>
        <SignUpForm />
        <p className="quiet">
          Been here before? <Link to={{ pathname: "/login", search }}>Log in</Link>
        </p>
      </section>
    </div>
  );
}

function SignUpForm() {
  const { run, busy, failure } = useAction(SignUpDocument, anonymous);
  const [input, setInput] = useState({ email: "", username: "", password: "" });
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const data = await run({ input });
    if (data) sessions.begin(data.signUp);
  };
  return (
    <form className="form" onSubmit={(event) => void submit(event)}>
      <div className="field">
        <label htmlFor="email">Email</label>
        <input
          id="email"
          type="email"
          autoComplete="email"
          required
          value={input.email}
          onChange={(event) => {
            setInput({ ...input, email: event.target.value });
          }}
        />
      </div>
      <div className="field">
        <label htmlFor="username">Name</label>
        <input
          id="username"
          autoComplete="username"
          required
          maxLength={100}
          aria-describedby="username-hint"
          value={input.username}
          onChange={(event) => {
            setInput({ ...input, username: event.target.value });
          }}
        />
        <p className="quiet small" id="username-hint">
          What others see.
        </p>
      </div>
      <div className="field">
        <label htmlFor="password">Password</label>
        <input
          id="password"
          type="password"
          autoComplete="new-password"
          required
          aria-describedby="password-hint"
          value={input.password}
          onChange={(event) => {
            event.target.setCustomValidity(passwordProblem(event.target.value));
            setInput({ ...input, password: event.target.value });
          }}
        />
        <p className="quiet small" id="password-hint">
          At least 8 characters. A sentence is fine.
        </p>
      </div>
      <Problem failure={failure} />
      <Button type="submit" look="first" wide busy={busy}>
        Sign up
      </Button>
    </form>
  );
}
