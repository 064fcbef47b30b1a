import { useAccount } from "../account/context";
import type { PlanSubscriptionPartsFragment } from "../generated/graphql";
import { Button } from "../style/Button";
import { Notice } from "../style/Notice";
import { text } from "../text/current";
import { endsAt, isPaidFor, type StatusSummary } from "./statusSummary";
import type { Portal } from "./usePortal";
import { useReturnedMoney } from "./useReturnedMoney";

interface PlanNoticesProps {
  subscription: PlanSubscriptionPartsFragment;
  /** Something that the person has to do. */
  action: StatusSummary["action"];
  portal: Portal;
}

/** Says what the person has to do to keep a plan, and what was returned of its money. */
export function PlanNotices({ subscription, action, portal }: PlanNoticesProps) {
  return (
    <>
      {action !== null && <Owed subscription={subscription} action={action} portal={portal} />}
      <ReturnedNotice subscription={subscription} />
    </>
  );
}

function Owed({ subscription, action, portal }: PlanNoticesProps) {
  const { balance } = useAccount();
  const { openInvoice, tier } = subscription;
  const isCharged = tier === "STUDIO" && balance !== null && !balance.unlimited;
  return (
    <Notice look="bad">
      <p>
        {action} <OpenInvoice subscription={subscription} /> {isCharged && text.subscription.exportsCost}
      </p>
      <p className="actions">
        {openInvoice?.payUrl && (
          <a className="button button-first" href={openInvoice.payUrl}>
            {openInvoice.needsConfirmation ? text.planChange.confirm : text.billing.payNow}
          </a>
        )}
        <Button busy={portal.busy} onClick={() => void portal.open("UPDATE_PAYMENT_METHOD")}>
          {text.subscription.updateCard}
        </Button>
      </p>
      {openInvoice?.payUrl && !openInvoice.needsConfirmation && <p className="small">{text.billing.keepsMethod}</p>}
    </Notice>
  );
}

/** The amount that is open, and when it is tried again. */
function OpenInvoice({ subscription: { openInvoice } }: { subscription: PlanSubscriptionPartsFragment }) {
  if (openInvoice === null) return null;
  const { amount, nextAttemptAt, needsConfirmation } = openInvoice;
  return nextAttemptAt === null || needsConfirmation
    ? text.subscription.isOpen(amount)
    : text.subscription.isRetried(amount, nextAttemptAt);
}

/** Says how much of the money for the period was returned, and what follows from it. */
function ReturnedNotice({ subscription }: { subscription: PlanSubscriptionPartsFragment }) {
  const money = useReturnedMoney();
  const { balance } = useAccount();
  if (money === null) return null;
  const { tier, currentPeriodEnd } = subscription;
  const isPaid = isPaidFor(subscription);
  const isCharged = tier === "STUDIO" && isPaid && balance !== null && !balance.unlimited;
  const isUpgradable = tier !== "STUDIO" && isPaid && endsAt(subscription) === null;
  return (
    <Notice look={isCharged ? "bad" : "plain"}>
      <p>
        {text.subscription.returned(money.returned, money.paid)} {isCharged && text.subscription.unlimitedEnded}
        {isUpgradable && text.subscription.upgradeLater(currentPeriodEnd)}
      </p>
    </Notice>
  );
}
