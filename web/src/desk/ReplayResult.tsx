import { Notice } from "../style/Notice";
import type { DeskEventFragment } from "./generated/graphql";
import { desk } from "./texts";

type Replayed = Pick<DeskEventFragment, "id" | "status" | "error" | "waitsFor">;

/** The result of a replay: a problem if the event has failed again. */
export function ReplayResult({ event: { id, status, error, waitsFor } }: { event: Replayed }) {
  const { replayed, replayFailed, replayWaits, statuses } = desk.events;
  const [look, sentence] =
    status === "FAILED"
      ? (["bad", replayFailed(id, error ?? "")] as const)
      : waitsFor !== null
        ? (["plain", replayWaits(id, waitsFor)] as const)
        : (["good", replayed(id, statuses[status])] as const);
  return (
    <Notice look={look}>
      <p className="desk-id">{sentence}</p>
    </Notice>
  );
}
