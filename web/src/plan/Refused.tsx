import type { ChangePlanMutation } from "../generated/graphql";
import { Notice } from "../style/Notice";
import { text } from "../text/current";

/** A plan change that was not made. */
export type Refusal = Exclude<ChangePlanMutation["changePlan"], { __typename: "PlanSubscription" }>;

/** Checks whether a refused change is made once its open invoice is paid. */
export function isPayable(refusal: Refusal | null): boolean {
  return refusal?.__typename === "PaymentFailed" && refusal.reason === "DECLINED" && refusal.invoiceUrl !== null;
}

/** Says why a plan change is refused, with a link to pay an open invoice. */
export function Refused({ refusal }: { refusal: Refusal }) {
  return (
    <Notice look="bad">
      <p>{message(refusal)}</p>
      {refusal.__typename === "PaymentFailed" && refusal.invoiceUrl !== null && (
        <p>
          <a className="button button-first" href={refusal.invoiceUrl}>
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
