import "./change.css";

import { useState } from "react";
import { useQuery } from "urql";

import { failure } from "../gateway/failure";
import { Problem } from "../gateway/Problem";
import { useAction } from "../gateway/useAction";
import {
  ChangePlanDocument,
  type PlanPartsFragment,
  PreviewPlanChangeDocument,
  type PreviewPartsFragment,
} from "../generated/graphql";
import { Button } from "../style/Button";
import { Dialog } from "../style/Dialog";
import { Notice } from "../style/Notice";
import { Skeleton } from "../style/Skeleton";
import { format, text } from "../text/current";
import { isPayable, type Refusal, Refused } from "./Refused";
import { rank } from "./tier";

interface PlanChangeProps {
  from: PlanPartsFragment["tier"];
  to: PlanPartsFragment;
  /** Called with whether the plan was changed. */
  onClose: (changed: boolean) => void;
}

/** Shows the price and the credits of a change of plan, and makes it once the person confirms. */
export function PlanChange({ from, to, onClose }: PlanChangeProps) {
  const [{ data, error, fetching }, ask] = useQuery({
    query: PreviewPlanChangeDocument,
    variables: { tier: to.tier },
    requestPolicy: "network-only",
  });
  const { run, busy, failure: failed } = useAction(ChangePlanDocument);
  const [refused, setRefused] = useState<Refusal | null>(null);
  const up = rank(to.tier) > rank(from);
  const preview = data?.previewPlanChange ?? null;
  const isPossible = preview !== null && preview.refusal === null;
  // Another attempt would replace the open invoice, so paying that one comes first.
  const pendingUrl = preview?.pendingInvoiceUrl ?? null;
  const isPending = pendingUrl !== null || isPayable(refused);
  const change = async () => {
    setRefused(null);
    const result = (await run({ input: { tier: to.tier } }))?.changePlan;
    if (result?.__typename === "PlanSubscription") onClose(true);
    else if (result) setRefused(result);
  };
  return (
    <Dialog
      title={up ? text.planChange.upgradeTo(text.tiers[to.tier]) : text.planChange.downgradeTo(text.tiers[to.tier])}
      onClose={() => {
        onClose(false);
      }}
    >
      {error ? (
        <Problem
          failure={{ ...failure(error), again: true }}
          onAgain={() => {
            ask({ requestPolicy: "network-only" });
          }}
        />
      ) : preview !== null && preview.refusal !== null ? (
        <Refused refusal={preview.refusal} />
      ) : (
        <Preview preview={preview} up={up} unlimited={to.unlimited} />
      )}
      {!error && !fetching && preview === null && <p>{text.planChange.noSubscription}</p>}
      <Problem failure={failed} onAgain={() => void change()} />
      {refused ? (
        <Refused refusal={refused} />
      ) : (
        pendingUrl !== null && (
          <Notice>
            <p>{text.planChange.pending}</p>
            <p>
              <a className="button button-first" href={pendingUrl}>
                {text.planChange.finish}
              </a>
            </p>
          </Notice>
        )
      )}
      <p className="actions">
        <Button look={isPending ? "plain" : "first"} busy={busy} disabled={!isPossible} onClick={() => void change()}>
          {!up
            ? text.planChange.downgradeTo(text.tiers[to.tier])
            : isPending
              ? text.planChange.startOver
              : isPossible
                ? text.planChange.pay(preview.dueNow)
                : text.planChange.upgrade}
        </Button>
        <Button
          onClick={() => {
            onClose(false);
          }}
        >
          {text.planChange.keep(text.tiers[from])}
        </Button>
      </p>
    </Dialog>
  );
}

function Preview({
  preview,
  up,
  unlimited,
}: {
  preview: PreviewPartsFragment | null;
  up: boolean;
  unlimited: boolean;
}) {
  const value = (text: (preview: PreviewPartsFragment) => string) =>
    preview === null ? <Skeleton className="change-skeleton" /> : text(preview);
  return (
    <dl className="facts" aria-busy={preview === null}>
      <div>
        <dt>{text.planChange.dueNow}</dt>
        <dd className="digits">{value(({ dueNow }) => format.money(dueNow))}</dd>
      </div>
      <div>
        <dt>{text.planChange.creditsNow}</dt>
        <dd className="digits">
          {value(({ creditsNow }) => (unlimited && up ? text.planChange.unlimited : text.credits(creditsNow)))}
        </dd>
      </div>
      <div>
        <dt>{text.planChange.effective}</dt>
        <dd>{value(({ effectiveAt }) => (up ? text.planChange.immediately : format.day(effectiveAt)))}</dd>
      </div>
      <div>
        <dt>{text.planChange.nextInvoice}</dt>
        <dd>{value(({ nextInvoice, nextInvoiceAt }) => text.planChange.amountOn(nextInvoice, nextInvoiceAt))}</dd>
      </div>
    </dl>
  );
}
