import "./change.css";

import { useState } from "react";
import { useQuery } from "urql";

import { failure } from "../gateway/failure";
import { Problem } from "../gateway/Problem";
import { useAction } from "../gateway/useAction";
import {
  ChangePlanDocument,
  type ChangePlanMutation,
  type PlanPartsFragment,
  PreviewPlanChangeDocument,
  type PreviewPartsFragment,
} from "../generated/graphql";
import { day } from "../moment";
import { count, price } from "../money";
import { Button } from "../style/Button";
import { Dialog } from "../style/Dialog";
import { Skeleton } from "../style/Skeleton";
import { name, rank } from "./tier";

interface PlanChangeProps {
  from: PlanPartsFragment["tier"];
  to: PlanPartsFragment;
  /** With the plan changed, or not. */
  onClose: (changed: boolean) => void;
}

/** Shows what another plan would mean in money and credits, and changes to it once that is confirmed. */
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
  const change = async () => {
    setRefused(null);
    const result = (await run({ input: { tier: to.tier } }))?.changePlan;
    if (result?.__typename === "PlanSubscription") onClose(true);
    else if (result) setRefused(result);
  };
  return (
    <Dialog
      title={`${up ? "Upgrade" : "Downgrade"} to ${to.name}`}
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
      ) : (
        <Preview preview={preview} up={up} unlimited={to.unlimited} />
      )}
      {!error && !fetching && preview === null && <p>There is no subscription to change any more.</p>}
      <Problem failure={failed} onAgain={() => void change()} />
      {preview?.refusal && <Declined refusal={preview.refusal} />}
      {refused && <Declined refusal={refused} />}
      <p className="actions">
        <Button look="first" busy={busy} disabled={preview === null || preview.refusal !== null} onClick={() => void change()}>
          {up && preview !== null
            ? `Pay ${price(preview.dueNow)} and upgrade`
            : up
              ? "Upgrade"
              : `Downgrade to ${to.name}`}
        </Button>
        <Button
          onClick={() => {
            onClose(false);
          }}
        >
          Stay with {name(from)}
        </Button>
      </p>
    </Dialog>
  );
}

type Refusal = Exclude<ChangePlanMutation["changePlan"], { __typename: "PlanSubscription" }>;

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
        <dt>To pay now</dt>
        <dd className="digits">{value(({ dueNow }) => price(dueNow))}</dd>
      </div>
      <div>
        <dt>Credits that come now</dt>
        <dd className="digits">
          {value(({ creditsNow }) => (unlimited && up ? "unlimited exports" : count(creditsNow, "credit")))}
        </dd>
      </div>
      <div>
        <dt>In force from</dt>
        <dd>{value(({ effectiveAt }) => (up ? "at once" : day(effectiveAt)))}</dd>
      </div>
      <div>
        <dt>Next invoice</dt>
        <dd>{value(({ nextInvoice, nextInvoiceAt }) => `${price(nextInvoice)} on ${day(nextInvoiceAt)}`)}</dd>
      </div>
    </dl>
  );
}

/** Why the plan cannot be changed, and where the invoice can be paid if there is one. */
function Declined({ refusal }: { refusal: Refusal }) {
  return (
    <div className="notice notice-bad" role="alert">
      <span className="led led-off" aria-hidden="true" />
      <p>{refusal.message}</p>
      {refusal.__typename === "PaymentFailed" && refusal.invoiceUrl !== null && (
        <p>
          <a href={refusal.invoiceUrl}>Pay with another card</a>
        </p>
      )}
    </div>
  );
}
