import "./profile.css";

import { useState } from "react";
import { useQuery } from "urql";

import { failure } from "../gateway/failure";
import { Problem } from "../gateway/Problem";
import { ProfileDocument, type ProfileQuery } from "../generated/graphql";
import { Button } from "../style/Button";
import { Notice } from "../style/Notice";
import { Skeleton } from "../style/Skeleton";
import { text } from "../text/current";
import { Closing } from "./Closing";
import { DataDownload } from "./DataDownload";
import { NameChange } from "./NameChange";

type Viewer = NonNullable<ProfileQuery["viewer"]>;

/** The names, a copy of all stored data, and the end of the account. */
export function ProfileModule() {
  const [{ data, error }, ask] = useQuery({ query: ProfileDocument, requestPolicy: "cache-and-network" });
  return (
    <section className="module profile" aria-labelledby="profile-title">
      <h2 id="profile-title">{text.profile.title}</h2>
      {data?.viewer ? (
        <>
          <Name viewer={data.viewer} />
          <DataDownload />
          <CloseAccount viewer={data.viewer} />
        </>
      ) : error ? (
        <Problem
          failure={{ ...failure(error), again: true }}
          onAgain={() => {
            ask({ requestPolicy: "network-only" });
          }}
        />
      ) : (
        <Skeleton className="profile-skeleton" />
      )}
    </section>
  );
}

function Name({ viewer }: { viewer: Viewer }) {
  const [state, setState] = useState<"idle" | "changing" | "saved">("idle");
  return (
    <>
      <dl className="facts">
        <div>
          <dt>{text.profile.username}</dt>
          <dd className="profile-name">{viewer.username}</dd>
        </div>
        {viewer.displayName != null && (
          <div>
            <dt>{text.profile.displayName}</dt>
            <dd className="profile-name">{viewer.displayName}</dd>
          </div>
        )}
      </dl>
      {state === "saved" && (
        <Notice look="good">
          <p>{text.profile.nameSaved}</p>
        </Notice>
      )}
      <p>
        <Button
          onClick={() => {
            setState("changing");
          }}
        >
          {text.profile.changeName}
        </Button>
      </p>
      {state === "changing" && (
        <NameChange
          viewer={viewer}
          onClose={(saved) => {
            setState(saved ? "saved" : "idle");
          }}
        />
      )}
    </>
  );
}

function CloseAccount({ viewer }: { viewer: Viewer }) {
  const [isClosing, setClosing] = useState(false);
  return (
    <>
      <p>
        <Button
          onClick={() => {
            setClosing(true);
          }}
        >
          {text.profile.close}
        </Button>
      </p>
      {isClosing && (
        <Closing
          tier={viewer.subscription?.tier ?? null}
          onKeep={() => {
            setClosing(false);
          }}
        />
      )}
    </>
  );
}
