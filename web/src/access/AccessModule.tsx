import "./access.css";

import { useState } from "react";
import { useQuery } from "urql";

import { failure } from "../gateway/failure";
import { Problem } from "../gateway/Problem";
import { useAction } from "../gateway/useAction";
import {
  EmailDocument,
  type EmailQuery,
  LogOutEverywhereDocument,
  RequestEmailVerificationDocument,
} from "../generated/graphql";
import { sessions } from "../session/current";
import { Button } from "../style/Button";
import { Notice } from "../style/Notice";
import { Skeleton } from "../style/Skeleton";
import { text } from "../text/current";
import { EmailChange } from "./EmailChange";
import { PasswordChange } from "./PasswordChange";

/** The email and the password, and the end of all sessions. */
export function AccessModule() {
  const [{ data, error }, ask] = useQuery({ query: EmailDocument, requestPolicy: "cache-and-network" });
  return (
    <section className="module access" aria-labelledby="access-title">
      <h2 id="access-title">{text.access.title}</h2>
      {data?.viewer ? (
        <Email viewer={data.viewer} />
      ) : error ? (
        <Problem
          failure={{ ...failure(error), again: true }}
          onAgain={() => {
            ask({ requestPolicy: "network-only" });
          }}
        />
      ) : (
        <Skeleton className="access-skeleton" />
      )}
      <Password />
      <LogOutEverywhere />
    </section>
  );
}

function Email({ viewer: { email, emailVerified } }: { viewer: NonNullable<EmailQuery["viewer"]> }) {
  const { run, busy, failure } = useAction(RequestEmailVerificationDocument);
  const [sentTo, setSentTo] = useState<string | null>(null);
  const request = async () => {
    setSentTo(null);
    const data = await run({});
    if (data) setSentTo(data.requestEmailVerification.email);
  };
  return (
    <>
      <dl className="facts">
        <div>
          <dt className="access-email">{email}</dt>
          <dd>{emailVerified ? text.access.emailStates.verified : text.access.emailStates.unverified}</dd>
        </div>
      </dl>
      <Problem failure={failure} onAgain={() => void request()} />
      {sentTo !== null && (
        <Notice look="good">
          <p>{text.access.verificationSent(sentTo)}</p>
        </Notice>
      )}
      {!emailVerified && (
        <p>
          <Button busy={busy} onClick={() => void request()}>
            {text.access.sendVerification}
          </Button>
        </p>
      )}
      <NewEmail />
    </>
  );
}

function NewEmail() {
  const [isChanging, setChanging] = useState(false);
  const [sentTo, setSentTo] = useState<string | null>(null);
  return (
    <>
      {sentTo !== null && (
        <Notice look="good">
          <p>{text.access.changeEmailSent(sentTo)}</p>
        </Notice>
      )}
      <p>
        <Button
          onClick={() => {
            setSentTo(null);
            setChanging(true);
          }}
        >
          {text.access.changeEmail}
        </Button>
      </p>
      {isChanging && (
        <EmailChange
          onClose={(email) => {
            setChanging(false);
            setSentTo(email);
          }}
        />
      )}
    </>
  );
}

function Password() {
  const [state, setState] = useState<"idle" | "changing" | "changed">("idle");
  return (
    <>
      {state === "changed" && (
        <Notice look="good">
          <p>{text.access.passwordSet}</p>
        </Notice>
      )}
      <p>
        <Button
          onClick={() => {
            setState("changing");
          }}
        >
          {text.access.changePassword}
        </Button>
      </p>
      {state === "changing" && (
        <PasswordChange
          onClose={(changed) => {
            setState(changed ? "changed" : "idle");
          }}
        />
      )}
    </>
  );
}

function LogOutEverywhere() {
  const { run, busy, failure } = useAction(LogOutEverywhereDocument);
  const logOut = () =>
    sessions.revoking(async () => {
      if ((await run({})) !== null) sessions.end();
    });
  return (
    <>
      <Problem failure={failure} onAgain={() => void logOut()} />
      <p className="access-everywhere">
        <Button busy={busy} onClick={() => void logOut()}>
          {text.access.logOutEverywhere}
        </Button>
        <span className="quiet small">{text.access.everywhereText}</span>
      </p>
    </>
  );
}
