import type { Account } from "../account/live";
import type { OrderEvidenceQuery } from "../generated/graphql";
import type { Order } from "./return";

/** The progress of an order, as the API reports it. */
export type OrderState = "confirming" | "processing" | "complete";

/** The records that show the progress of a pack: the newest purchase in the ledger, and the newest payment. */
export type Evidence = OrderEvidenceQuery;

/**
 * Finds out the progress of an order. A plan is complete once it is the account's tier, and a pack once the ledger has a purchase
 * of its credits after the version `after`.
 */
export function orderState(order: Order, after: number, account: Account, evidence?: Evidence): OrderState {
  if ("tier" in order) {
    const { plan } = account;
    if (plan?.tier === order.tier) return "complete";
    const { status, tier } = plan?.subscription ?? {};
    return status === "INCOMPLETE" && tier === order.tier ? "processing" : "confirming";
  }
  const purchase = evidence?.ledger.nodes[0];
  if (purchase !== undefined && purchase.version > after && purchase.creditsDelta === order.credits) return "complete";
  const payment = evidence?.payments.nodes[0];
  return payment?.status === "PENDING" && payment.credits === order.credits ? "processing" : "confirming";
}
