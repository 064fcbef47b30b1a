import type { ChangePlanMutation } from "../generated/graphql";
import { Notice } from "../style/Notice";
import { text } from "../text/current";

/** A plan change that was not made. */
export type Refusal = Exclude<ChangePlanMutation["changePlan"], { __typename: "PlanSubscription" }>;

/** Says why a plan change is refused, with a link to pay an open invoice. */
export function Refused({ refusal }: { refusal: Refusal }) {
  return (
    <Notice look="bad">
      <p>{message(refusal)}</p>
      {refusal.__typename === "PaymentFailed" && refusal.invoiceUrl !== null && (
        <p>
          <a href={refusal.invoiceUrl}>
            {refusal.declineCode === "authentication_required" ? text.planChange.confirm : text.planChange.otherCard}
          </a>
        </p>
      )}
    </Notice>
  );
}

function message(refusal: Refusal): string {
  switch (refusal.__typename) {
    case "NoActiveSubscription":
      return text.planChange.noSubscription;
    case "PlanChangeUnavailable":
      return text.planChange.unavailable[refusal.cause](refusal.availableAt);
    case "PaymentFailed":
      return text.planChange.paymentFailed[refusal.reason](refusal.declineCode);
  }
}
