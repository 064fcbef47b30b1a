import "./desk.css";

import { useEffect, useRef, useState } from "react";
import { useSearchParams } from "react-router";
import { useQuery } from "urql";

import { failure } from "../gateway/failure";
import { Problem } from "../gateway/Problem";
import { Notice } from "../style/Notice";
import { Skeleton } from "../style/Skeleton";
import { text } from "../text/current";
import { ActionsModule } from "./ActionsModule";
import { CustomerDesk } from "./CustomerDesk";
import { EventsModule } from "./EventsModule";
import { FindModule } from "./FindModule";
import { DeskViewerDocument } from "./generated/graphql";
import { RefusedModule } from "./RefusedModule";
import { FailedTasksModule, OverdueTasksModule } from "./TasksModule";
import { desk } from "./texts";

/** The desk: an overview, or one customer. The API decides who is an admin. */
export function DeskPage() {
  const [{ data, error }, ask] = useQuery({ query: DeskViewerDocument, requestPolicy: "network-only" });
  const [search] = useSearchParams();
  const user = search.get("user");
  useTopAfterChange(user);
  return (
    <>
      <title>{text.title(desk.title)}</title>
      {error ? (
        <Problem
          failure={{ ...failure(error), again: true }}
          onAgain={() => {
            ask({ requestPolicy: "network-only" });
          }}
        />
      ) : data === undefined ? (
        <Skeleton />
      ) : data.viewer?.role !== "ADMIN" ? (
        <>
          <div className="page-title">
            <h1>{desk.heading}</h1>
          </div>
          <Notice look="bad">
            <p>{desk.forbidden}</p>
          </Notice>
        </>
      ) : user === null ? (
        <Overview />
      ) : (
        <CustomerDesk key={user} id={user} />
      )}
    </>
  );
}

function Overview() {
  const [revision, setRevision] = useState(0);
  return (
    <>
      <div className="page-title">
        <h1>{desk.heading}</h1>
        <p className="lead">{desk.lead}</p>
      </div>
      <div className="desk">
        <FindModule />
        <RefusedModule />
        <FailedTasksModule />
        <OverdueTasksModule />
        <EventsModule
          onReplayed={() => {
            setRevision((revision) => revision + 1);
          }}
        />
        <ActionsModule userId={null} revision={revision} />
      </div>
    </>
  );
}

/** Moves the focus and the scroll position to the top when another customer is shown, whose page has the same path. */
function useTopAfterChange(user: string | null): void {
  const previous = useRef(user);
  useEffect(() => {
    if (previous.current === user) return;
    previous.current = user;
    document.getElementById("content")?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [user]);
}
