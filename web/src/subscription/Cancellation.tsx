import { Problem } from "../gateway/Problem";
import { useAction } from "../gateway/useAction";
import { CancelSubscriptionDocument, type PlanSubscriptionPartsFragment } from "../generated/graphql";
import { Button } from "../style/Button";
import { Dialog } from "../style/Dialog";
import { text } from "../text/current";

interface CancellationProps {
  subscription: PlanSubscriptionPartsFragment;
  onClose: () => void;
}

/** Cancels a subscription once the person confirms. The result is pushed over the websocket. */
export function Cancellation({ subscription, onClose }: CancellationProps) {
  const { run, busy, failure } = useAction(CancelSubscriptionDocument);
  const tier = text.tiers[subscription.tier];
  const cancel = async () => {
    if ((await run({})) !== null) onClose();
  };
  return (
    <Dialog title={text.cancellation.title(tier)} onClose={onClose}>
      <p>
        {consequence(subscription)} {text.cancellation.after}
      </p>
      <Problem failure={failure} onAgain={() => void cancel()} />
      <p className="actions">
        <Button look="first" onClick={onClose}>
          {text.cancellation.keep(tier)}
        </Button>
        <Button busy={busy} onClick={() => void cancel()}>
          {text.cancellation.cancel}
        </Button>
      </p>
    </Dialog>
  );
}

/** Until when the plan is kept. Only a paid period is called paid, and only a failed payment is called failed. */
function consequence({ tier, status, currentPeriodEnd }: PlanSubscriptionPartsFragment): string {
  const { cancellation } = text;
  const name = text.tiers[tier];
  switch (status) {
    case "ACTIVE":
      return cancellation.paid(name, currentPeriodEnd);
    case "TRIALING":
      return cancellation.trial(name, currentPeriodEnd);
    case "PAST_DUE":
    case "UNPAID":
      return cancellation.unpaid(name, currentPeriodEnd);
    default:
      return cancellation.ends(name, currentPeriodEnd);
  }
}
