import { useState } from "react";

import type { Failure } from "../gateway/failure";
import { useAction } from "../gateway/useAction";
import {
  CaptureHoldDocument,
  type CaptureHoldMutation,
  type HoldPartsFragment,
  ReleaseHoldDocument,
  ReserveExportDocument,
  type ReserveExportMutation,
} from "../generated/graphql";
import { useSession } from "../session/current";
import { ExportAttempts } from "./exportAttempt";

type Reserved = ReserveExportMutation["reserveExport"];
export type Shortage = Extract<Reserved, { __typename: "InsufficientCredits" }>;
export type Hold = HoldPartsFragment;

/** An export, from its reservation to its end. */
export interface Export {
  hold: Hold;
  /** The progress: it runs, was charged now or by an earlier attempt, or its hold has ended without a charge. */
  stage: "running" | "charged" | "charged before" | "ended";
  /** The credits that were charged. */
  charged: number;
}

/** Milliseconds that the pages take to render a PatchBook: they only play the export service. */
const RENDERING = 1_500;

/** Reserves an export, runs it and charges it. */
export function useExport() {
  const { run: reserve, busy: reserving, failure: refused } = useAction(ReserveExportDocument);
  const { run: capture, busy: capturing, failure: uncaptured } = useAction(CaptureHoldDocument);
  const attempts = useAttempts();
  const [rendering, setRendering] = useState(false);
  const [shortage, setShortage] = useState<Shortage | null>(null);
  const [current, setCurrent] = useState<Export | null>(null);
  const { run: discard, busy: releasing, failure: unreleased } = useAction(ReleaseHoldDocument);
  const failure = refused ?? uncaptured ?? unreleased;
  if (failure !== null && !isUndecided(failure)) attempts.end();

  const end = (next: Export) => {
    attempts.end();
    setCurrent(next);
  };
  const start = async (runId: string) => {
    setShortage(null);
    setCurrent(null);
    const reserved = (await reserve({ input: attempts.begin(runId) }))?.reserveExport;
    if (reserved === undefined) return;
    if (reserved.__typename === "InsufficientCredits") {
      attempts.end();
      setShortage(reserved);
      return;
    }
    if (reserved.state !== "OPEN") {
      end({ hold: reserved, ...ending(reserved.capturedCredits) });
      return;
    }
    setCurrent({ hold: reserved, stage: "running", charged: 0 });
    setRendering(true);
    await new Promise((done) => setTimeout(done, RENDERING));
    setRendering(false);
    await finish(reserved);
  };
  /** Charges a hold that is open. */
  const finish = async (hold: Hold) => {
    const captured = (await capture({ input: { holdId: hold.id } }))?.captureHold;
    if (captured !== undefined) end({ hold, ...outcome(captured) });
  };
  /** Releases a hold that is open, so that its credits are available again. */
  const release = async (hold: Hold) => {
    if ((await discard({ input: { holdId: hold.id } })) !== null) attempts.end();
  };
  const busy = reserving || rendering || capturing || releasing;
  return { start, finish, release, busy, failure, shortage, current, first: attempts.open() };
}

/** The result of a capture. */
function outcome(captured: CaptureHoldMutation["captureHold"]): Pick<Export, "stage" | "charged"> {
  return captured.__typename === "ExportCharge"
    ? { stage: "charged", charged: captured.credits }
    : ending(captured.hold.capturedCredits);
}

/** The end of a hold that this attempt did not end. */
function ending(captured: number | null): Pick<Export, "stage" | "charged"> {
  return captured === null ? { stage: "ended", charged: 0 } : { stage: "charged before", charged: captured };
}

/** Checks whether the outcome of an attempt is still unknown, so that a retry has to be the same attempt. */
function isUndecided(failure: Failure): boolean {
  return failure.again || failure.code === "LOGGED_OUT";
}

function useAttempts(): ExportAttempts {
  const session = useSession();
  const [attempts] = useState(() => {
    const user = session.is === "out" ? "" : session.session.user.id;
    return new ExportAttempts(window.sessionStorage, user, () => crypto.randomUUID());
  });
  return attempts;
}
