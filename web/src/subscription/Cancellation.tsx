import { Problem } from "../gateway/Problem";
import { useAction } from "../gateway/useAction";
import { CancelSubscriptionDocument, type PlanSubscriptionPartsFragment } from "../generated/graphql";
import { day } from "../moment";
import { name } from "../plan/tier";
import { Button } from "../style/Button";
import { Dialog } from "../style/Dialog";

interface CancellationProps {
  subscription: PlanSubscriptionPartsFragment;
  onClose: () => void;
}

/** Makes sure that somebody wants to cancel, and cancels. What comes of it is told live. */
export function Cancellation({ subscription, onClose }: CancellationProps) {
  const { run, busy, failure } = useAction(CancelSubscriptionDocument);
  const plan = name(subscription.tier);
  const cancel = async () => {
    if ((await run({})) !== null) onClose();
  };
  return (
    <Dialog title={`Cancel ${plan}?`} onClose={onClose}>
      <p>
        {plan} stays yours until {day(subscription.currentPeriodEnd)}, which is paid for. After that there are no more
        charges and no new credits. The credits that you have stay.
      </p>
      <Problem failure={failure} onAgain={() => void cancel()} />
      <p className="actions">
        <Button look="first" onClick={onClose}>
          Keep {plan}
        </Button>
        <Button busy={busy} onClick={() => void cancel()}>
          Cancel the plan
        </Button>
      </p>
    </Dialog>
  );
}
