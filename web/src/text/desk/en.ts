import type {
  AdminActionKind,
  AutoTopUpPauseReason,
  InvoiceStatus,
  LedgerEntryKind,
  OperationKind,
  OperationRemedy,
  PaymentStatus,
  ReversalCause,
  SubscriptionStatus,
  TaskKind,
  Tier,
  TopUpState,
  UserRole,
  WebhookEventStatus,
} from "../../desk/generated/graphql";
import type { Formats, Money } from "../formats";

/** The facts of a ledger entry, as far as its kind has them. */
export interface EntryFacts {
  run: string;
  /** The credits held; negative if a hold ended. */
  held: number;
  reason: string;
  /** Null where it is not known. */
  pack: { credits: number; amount: Money } | null;
  period: { tier: Tier; end: string } | null;
  /** Null for other kinds, and where it was not recorded. */
  reversal: { cause: ReversalCause; amount: Money | null } | null;
  notes: string;
}

/** A balance, as far as the desk names it. */
export interface BalanceFacts {
  credits: number;
  held: number;
  available: number;
}

/** The texts of the desk for support in English. They are loaded with the desk only. */
export function deskEn({ number, signed, money, day }: Formats) {
  const credits = (value: number) => `${number(value)} ${Math.abs(value) === 1 ? "credit" : "credits"}`;
  const balanceOf = ({ credits: all, held, available }: BalanceFacts) =>
    held === 0 ? credits(all) : `${credits(all)} (${number(held)} held, ${number(available)} available)`;
  const tiers: Record<Tier, string> = { FREE: "Free", CORE: "Core", PRO: "Pro", STUDIO: "Studio" };
  const period = ({ period }: EntryFacts) =>
    period === null ? "a plan" : `${tiers[period.tier]}, period until ${day(period.end)}`;
  const pack = ({ pack }: EntryFacts) => (pack === null ? "" : `${credits(pack.credits)} for ${money(pack.amount)}`);
  const subject = (facts: EntryFacts) => {
    const amount = facts.reversal?.amount ?? null;
    return `${amount === null ? "" : `, ${money(amount)}`}: ${facts.pack === null ? period(facts) : pack(facts)}.`;
  };
  const reversed: Record<ReversalCause, string> = {
    REFUND: "A payment was refunded",
    DISPUTE: "A payment was disputed",
    CREDIT_NOTE: "A payment was credited without a refund",
  };
  const restored: Record<ReversalCause, string> = {
    REFUND: "A refund has failed",
    DISPUTE: "A dispute has ended and the payment stands",
    CREDIT_NOTE: "A credit note was voided",
  };
  return {
    title: "Desk",
    heading: "Desk for support",
    lead: "Find a customer, explain a balance, and see what needs attention.",
    forbidden: "This page is for admins. Log in with an account that has the role admin.",
    back: "Back to the desk",
    newer: "Newer",
    older: "Older",
    earlier: "Previous",
    later: "Next",
    pages: (list: string) => `Pages of ${list}`,
    reload: "Reload",
    none: "None.",
    by: "By",
    tiers,
    roles: { USER: "User", SERVICE: "Service", ADMIN: "Admin" } satisfies Record<UserRole, string>,
    find: {
      title: "Find a customer",
      label: "Email, name or id",
      submit: "Search",
      none: "No customer matches. Searchable are a part of the email or the name, the id (user_…), and the ids at Stripe of customers (cus_…), subscriptions (sub_…), paid invoices (in_…), payments (pi_…) and checkouts (cs_…). Charges, refunds, unpaid invoices and numbers of invoices are not stored: look up their customer at Stripe.",
      list: "customers",
      closed: "closed",
      balance: (balance: BalanceFacts & { unlimited: boolean }) =>
        balance.unlimited ? "unlimited exports" : balanceOf(balance),
    },
    customer: {
      missing: "There is no customer with this id.",
      title: "Customer",
      email: "Email",
      verified: "verified",
      unverified: "not verified",
      id: "Id",
      role: "Role",
      since: "Customer since",
      stripe: "Stripe customer",
      none: "None",
      balance: "Balance",
      balanceOf,
      closed: (moment: string) =>
        `Closed on ${day(moment)}. The email and the names were removed, and the credits can be neither used nor corrected.`,
      unlimited: (until: string | null) => `Unlimited exports${until === null ? "" : ` until ${day(until)}`}`,
      plan: "Plan",
      ended: (tier: string, end: string) => `${tier}, ended with the period until ${day(end)}`,
      endedEarly: (tier: string) => `${tier}, ended`,
      noPlan: "No plan",
      period: (start: string, end: string) => `${day(start)} – ${day(end)}`,
      cancelAt: (moment: string) => `Ends on ${day(moment)}`,
      next: (tier: string) => `Changes to ${tier} with the next period`,
      open: (amount: Money) => `${money(amount)} unpaid`,
      subscription: "Stripe subscription",
      statuses: {
        ACTIVE: "Active",
        TRIALING: "Trial",
        PAST_DUE: "Past due",
        UNPAID: "Unpaid",
        PAUSED: "Paused",
        INCOMPLETE: "First payment pending",
        INCOMPLETE_EXPIRED: "Never paid",
        CANCELED: "Ended",
      } satisfies Record<SubscriptionStatus, string>,
    },
    correction: {
      title: "Correct credits",
      credits: "Credits",
      creditsHint: "A negative number takes credits, at most those that are available.",
      reason: "Reason",
      reasonHint: "The customer sees it in the history.",
      problems: {
        wrong: () => "Enter a whole number from −100,000 to 100,000, and not 0.",
        tooMuch: (balance: BalanceFacts) =>
          `More than is available cannot be taken: the balance is ${balanceOf(balance)}.`,
      },
      submit: "Check",
      confirm: "Correct the credits?",
      add: (value: number, name: string) => `${credits(value)} are added for ${name}.`,
      take: (value: number, name: string) => `${credits(value)} are taken from ${name}.`,
      because: (reason: string) => `Reason: ${reason}`,
      change: (before: number, after: number) => `${number(before)} → ${credits(after)}`,
      yes: "Correct credits",
      no: "Go back",
      done: (delta: number, balance: number) => `${signed(delta)}. The balance is now ${credits(balance)}.`,
    },
    ledger: {
      title: "Ledger",
      list: "the ledger",
      balance: (value: number) => `Balance ${number(value)}`,
      kinds: {
        EXPORT: "Export",
        EXPORT_REFUND: "Export refunded",
        HOLD: "Credits held",
        HOLD_EXTENDED: "Hold extended",
        HOLD_RELEASED: "Hold released",
        HOLD_EXPIRED: "Hold expired",
        PACK: "Credit pack",
        PLAN_PERIOD: "Plan",
        PLAN_CHANGE: "Change of plan",
        REVERSAL: "Credits reversed",
        RESTORATION: "Credits restored",
        MANUAL: "Correction",
        UNLIMITED: "Unlimited exports",
        UNLIMITED_ENDED: "Unlimited exports ended",
        OTHER: "Other",
      } satisfies Record<LedgerEntryKind, string>,
      explanations: {
        EXPORT: ({ run }) => `The run ${run} was exported.`,
        EXPORT_REFUND: ({ run, reason }) => `The export of the run ${run} failed: ${reason}`,
        HOLD: ({ run, held }) => `${credits(held)} are held for the export of the run ${run}.`,
        HOLD_EXTENDED: ({ run }) => `The export of the run ${run} takes longer.`,
        HOLD_RELEASED: ({ run, held }) => `The run ${run} was not exported: ${credits(-held)} are available again.`,
        HOLD_EXPIRED: ({ run, held }) =>
          `The export of the run ${run} did not end in time: ${credits(-held)} are available again.`,
        PACK: (facts) => `A pack was paid: ${pack(facts)}.`,
        PLAN_PERIOD: (facts) => `A period was paid: ${period(facts)}.`,
        PLAN_CHANGE: (facts) => `A change within a period was paid: ${period(facts)}.`,
        REVERSAL: (facts) =>
          `${facts.reversal === null ? "A payment was refunded, disputed or credited" : reversed[facts.reversal.cause]}${subject(facts)}`,
        RESTORATION: (facts) =>
          `${facts.reversal === null ? "A payment stands after all" : restored[facts.reversal.cause]}${subject(facts)}`,
        MANUAL: ({ reason }) => reason,
        UNLIMITED: () => "They began, or their end has changed.",
        UNLIMITED_ENDED: () => "The plan ended, or its payment was refunded.",
        OTHER: ({ notes }) => notes,
      } satisfies Record<LedgerEntryKind, (facts: EntryFacts) => string>,
      invoice: "Invoice",
    },
    payments: {
      title: "Credit packs",
      list: "credit packs",
      pack: credits,
      refunded: (amount: Money) => `${money(amount)} refunded`,
      refundUnderWay: "Refund under way",
      refundPending: (amount: Money) => `${money(amount)} under way, may still fail`,
      reversed: (value: number) => `${credits(value)} reversed`,
      statuses: {
        PENDING: "Processing",
        SUCCEEDED: "Paid",
        FAILED: "Failed",
        PARTIALLY_REFUNDED: "Partly refunded",
        REFUNDED: "Refunded",
        DISPUTED: "Disputed",
      } satisfies Record<PaymentStatus, string>,
    },
    topUps: {
      title: "Automatic top-ups",
      list: "top-ups",
      off: "Off",
      on: (below: number, count: number, cap: Money) =>
        `Below ${number(below)}, buy ${credits(count)}, at most ${money(cap)} a month`,
      paused: (reason: string, since: string) => `Paused since ${day(since)}: ${reason}`,
      reasons: {
        ACTION_REQUIRED: "a payment has to be confirmed",
        DECLINED: "three payments were declined",
        DISPUTED: "a payment is disputed",
        NO_CARD: "the card was removed",
        REFUNDED: "a payment was refunded",
        REFUSED: "Stripe refused a charge",
      } satisfies Record<AutoTopUpPauseReason, string>,
      pack: credits,
      states: {
        PENDING: "Being charged",
        PROCESSING: "Processing",
        ACTION_REQUIRED: "Has to be confirmed",
        PAID: "Paid",
        FAILED: "Not charged",
      } satisfies Record<TopUpState, string>,
    },
    invoices: {
      title: "Invoices",
      list: "invoices",
      statuses: {
        OPEN: "Open",
        PAID: "Paid",
        VOID: "Void",
        UNCOLLECTIBLE: "Not paid",
      } satisfies Record<InvoiceStatus, string>,
    },
    actions: {
      title: "Actions of admins",
      list: "actions",
      kinds: {
        GRANT_CREDITS: "Credits granted",
        ADJUST_CREDITS: "Credits corrected",
        REFUND_EXPORT: "Export refunded",
        REPLAY_WEBHOOK_EVENT: "Webhook event replayed",
        CREATE_EVENT_ENDPOINT: "Endpoint for events registered",
        UPDATE_EVENT_ENDPOINT: "Endpoint for events changed",
        DELETE_EVENT_ENDPOINT: "Endpoint for events deleted",
        REDELIVER_EVENT: "Event sent again",
      } satisfies Record<AdminActionKind, string>,
      change: (delta: number, reason: string) => `${signed(delta)} – ${reason}`,
    },
    events: {
      title: "Webhook events",
      list: "webhook events",
      filter: "Status",
      all: "All",
      statuses: {
        RECEIVED: "Received",
        APPLIED: "Applied",
        IGNORED: "Ignored",
        WAITING: "Waiting",
        FAILED: "Failed",
      } satisfies Record<WebhookEventStatus, string>,
      attempts: (value: number) => (value === 1 ? "1 attempt" : `${number(value)} attempts`),
      waitsFor: (subject: string) => `Waits for ${subject}, and is then applied automatically`,
      replay: "Replay",
      replayOf: (id: string) => `Replay ${id}`,
      replayed: (id: string, status: string) => `${id} was replayed: ${status}.`,
      replayFailed: (id: string, error: string) => `${id} was replayed and has failed again: ${error}`,
      replayWaits: (id: string, subject: string) =>
        `${id} was replayed. It waits for ${subject}, and is then applied automatically.`,
    },
    refused: {
      title: "Refused by Stripe",
      list: "refused operations",
      kinds: {
        CUSTOMER: "Create a customer",
        CHECKOUT: "Checkout of a plan",
        PURCHASE: "Checkout of a credit pack",
        DUPLICATE: "Second subscription",
        SUBSCRIPTION_CHANGE: "Change of plan",
        TOP_UP: "Automatic top-up",
      } satisfies Record<OperationKind, string>,
      remedies: {
        DECIDE_DUPLICATE:
          "Two subscriptions are paid, and the newer one has renewed. Ask the customer which one to keep; cancel the other one at Stripe, and refund it.",
        REFUND_DUPLICATE:
          "The second subscription has ended, but its payment could not be refunded. Refund it in another way.",
        AWAIT_DISPUTE:
          "The second subscription has ended, and its payment is disputed: the dispute takes the money back. Do not refund it, or the customer is paid twice. Wait for the outcome, and refund the payment only if you win the dispute.",
        CHECK_SETTINGS:
          "Nothing was opened, and the customer saw an error. If it happens again, check the secret key, the prices and the payment methods at Stripe.",
        REVIEW_SUBSCRIPTION:
          "The plan did not change, and the customer saw the reason. Look at the subscription at Stripe if the customer cannot repeat the change.",
        REVIEW_TOP_UP:
          "Nothing was charged, and the customer's automatic top-ups are paused. Look at the error and at the customer at Stripe; with Stripe Tax, the customer needs an address.",
      } satisfies Record<OperationRemedy, string>,
    },
    tasks: {
      attention: "Needs attention: failing tasks",
      failed: "Failing tasks",
      failedLead: "They are retried automatically. Oldest first.",
      failedList: "failing tasks",
      overdue: "Overdue tasks",
      overdueLead: "Any of them means that no worker keeps up. Longest overdue first.",
      overdueList: "overdue tasks",
      kinds: {
        EVENT: "Apply a webhook event",
        LOOK: "Read from Stripe",
        OPERATION: "Finish a write to Stripe",
        DUPLICATE: "End a second subscription",
        OPEN_INVOICE: "Void the open invoices of an ended plan",
        UNLIMITED: "End unlimited exports",
        HOLD: "End an expired hold",
        ALERT: "Alert a user whose plan ends",
        TOP_UP: "Top up credits",
        CUSTOMER: "Update a customer at Stripe",
        MAIL: "Send a mail",
        RELAY: "Make events for other services",
        DELIVERY: "Send events to an endpoint",
        RECONCILE: "Compare with Stripe",
        PRUNE: "Delete old rows",
      } satisfies Record<TaskKind, string>,
      since: "Since",
      due: "Due",
    },
  };
}
