import type {
  ChangeType,
  PaymentFailureReason,
  PaymentStatus,
  PlanChangeUnavailableReason,
  SubscriptionStatus,
} from "../generated/graphql";
import { accessEn } from "./access";
import { alertsEn } from "./alerts";
import { billingEn } from "./billing";
import { entriesEn } from "./entries";
import { exportingEn } from "./exporting";
import { featuresEn } from "./features";
import type { Formats, Money } from "./formats";
import { homeEn } from "./home";
import { legalEn } from "./legal";
import { profileEn } from "./profile";
import { topUpsEn } from "./topUps";

/** Every text of the pages. */
export type Texts = ReturnType<typeof en>;

/** The texts in English. */
export function en(formats: Formats) {
  const { number, signed, money, day, minute } = formats;
  const count = (value: number, one: string, many: string) => `${number(value)} ${Math.abs(value) === 1 ? one : many}`;
  const credits = (value: number) => count(value, "credit", "credits");
  const exports = (value: number) => count(value, "export", "exports");
  return {
    credits,
    exports,
    tryAgain: "Try again",
    close: "Close",
    pleaseWait: "please wait",
    /** The title of a page in the browser. */
    title: (page: string) => `${page} – Patch-Hive`,

    frame: {
      skip: "Skip to content",
      pages: "Main",
      pricing: "Pricing",
      credits: "Credits",
      account: "Account",
      desk: "Desk",
      logIn: "Log in",
      signUp: "Sign up",
      logOut: "Log out",
      yourBalance: "Your balance:",
      stripe: "Payments are processed by Stripe. Prices are in US dollars.",
      history: "Every change of your balance is listed in your history.",
      offline: "You are offline. What you see may be out of date. It is updated as soon as you are back online.",
      reconnecting: "Reconnecting. What you see may be a moment old.",
      states: { idle: "Connecting", live: "Live", connecting: "Connecting", offline: "Offline" },
    },

    legal: legalEn,

    home: homeEn,

    notFound: {
      title: "Page not found",
      lead: "The address may be mistyped, or the page has moved.",
      home: "Go to the home page",
    },

    failures: {
      unreachable: "Patch-Hive cannot be reached. Check your connection and try again.",
      loggedOut: "You are logged out.",
      paymentsDisabled: "Payments are disabled at the moment.",
      stripeUnavailable: "Stripe is not responding. Nothing was charged twice. Try again.",
      rateLimited: "Too many requests. Wait a moment, then try again.",
      unavailable: "Patch-Hive is busy. Try again in a moment.",
      internal: "Something went wrong on our side. Try again.",
      mailDisabled: "Mail is not set up on this server, so no link can be sent.",
      requestId: (id: string) => `If it happens again, send this id to support: ${id}`,
      rules: {
        required: "Something that is required is missing.",
        characters: "Line breaks and other control characters are not possible.",
        range: (min: number, max: number) => `Enter a number from ${String(min)} to ${String(max)}.`,
        length: (min: number, max: number) =>
          `Use ${String(min)} to ${String(max)} characters, or fewer if some are not plain letters.`,
        email: "Enter a complete email address.",
        emailTaken: "This email is already registered. Log in instead.",
        emailUnchanged: "This is already your email.",
      },
    },

    session: {
      email: "Email",
      password: "Password",
      name: "Name",
      nameHint: "Shown to other users.",
      passwordHint: "At least 8 characters.",
      passwordTooShort: "Use at least 8 characters.",
      passwordTooLong: "Use at most 72 characters, or fewer if some are not plain letters.",
      wrong: "The email or the password is wrong.",
      logIn: "Log in",
      signUp: "Sign up",
      free: "An account is free, and needs no card.",
      isNew: "New to Patch-Hive?",
      isKnown: "Already have an account?",
      toSubscribe: (tier: string) =>
        `To subscribe to ${tier}, log in or sign up. The payment page opens right after that.`,
      toPurchase: (credits: string) => `To buy ${credits}, log in or sign up. The payment page opens right after that.`,
      expired: "Log in to continue",
      expiredText: "Your session has expired. Log in again to continue where you left off.",
      logOutInstead: "Log out instead",
    },

    access: accessEn,
    alerts: alertsEn(formats),
    profile: profileEn,
    account: { title: "Account", heading: "Your account" },

    balance: {
      title: "Balance",
      unit: "credits",
      unlimitedUnit: "unlimited exports",
      unlimited: (until: string | null, balance: number) =>
        `Exports are unlimited${until === null ? "" : ` until ${day(until)}`}.` +
        (balance > 0 ? ` They do not use your ${credits(balance)}.` : ""),
      unlimitedSpoken: "unlimited",
      negative: "Your balance is below zero, for a reason that the history shows. New credits are offset against that.",
      none: "Not enough credits for an export.",
      enough: (left: number) => `Enough for ${exports(left)}.`,
      held: (value: number) => `${credits(value)} reserved for exports in progress.`,
      add: "Buy credits",
    },

    tiers: { FREE: "Free", CORE: "Core", PRO: "Pro", STUDIO: "Studio" },

    /** Follows a price. */
    tax: { EXCLUSIVE: "plus tax", INCLUSIVE: "tax included" },

    features: featuresEn,

    plans: {
      title: "Pricing",
      heading: "Pick your voltage",
      lead: "Each plan includes everything in the plan before it.",
      rollOver: "Unused credits roll over.",
      rollOverText: "They never expire, and you keep them when a plan ends.",
      needMore: "Need more credits?",
      needMoreText: "Buy a pack of any size, with or without a plan.",
      buyCredits: "Buy credits",
      loading: (tier: string) => `Loading ${tier}`,
      aMonth: "a month",
      unlimited: "Unlimited exports",
      monthly: (value: number) => `${credits(value)} a month`,
      noMonthly: "Credits by the pack",
      about: (value: number) => `about ${exports(value)}`,
      each: (price: Money) => `${money(price)} a credit`,
      includes: (tier: string) => `Everything in ${tier}, and:`,
      yours: "Your plan",
      next: "Your next plan",
      best: "Lowest price per credit",
      signUp: "Sign up",
      cancel: "Cancel plan",
      account: "Go to your account",
      unpaid: "Waiting for a payment",
      later: (end: string) =>
        `You can upgrade after ${day(end)}: a payment for the current period was refunded or disputed.`,
      actions: { subscribe: "Subscribe", upgrade: "Upgrade", downgrade: "Downgrade" },
      /** Follows an action, for screen readers. */
      to: (tier: string) => `to ${tier}`,
      notSelling: "Payments are disabled at the moment. Your credits and exports still work.",
    },

    planChange: {
      upgradeTo: (tier: string) => `Upgrade to ${tier}`,
      downgradeTo: (tier: string) => `Downgrade to ${tier}`,
      dueNow: "Due now",
      creditsNow: "Credits added now",
      unlimited: "unlimited exports",
      effective: "Takes effect",
      immediately: "immediately",
      nextInvoice: "Next invoice",
      amountOn: (amount: Money, moment: string) => `${money(amount)} on ${day(moment)}`,
      noSubscription: "You no longer have a subscription that could be changed.",
      pay: (amount: Money) => `Pay ${money(amount)} and upgrade`,
      upgrade: "Upgrade",
      keep: (tier: string) => `Keep ${tier}`,
      unavailable: {
        RENEWING: (moment) => `Your plan is about to renew. You can change it after ${minute(moment)}.`,
        UNPAID: (moment) => `The current period was not paid. You can change the plan after ${day(moment)}.`,
        REFUNDED: (moment) =>
          `A payment for the current period was refunded or disputed. You can change the plan after ${day(moment)}.`,
      } satisfies Record<PlanChangeUnavailableReason, (availableAt: string) => string>,
      paymentFailed: {
        DECLINED: (code) =>
          code === "authentication_required"
            ? "Your bank requires you to confirm the payment. Your plan changes once you have."
            : `The payment was declined${code === null ? "" : ` (${code})`}. Your plan has not changed.`,
        PAST_DUE: () => "An earlier payment is past due. Pay it first.",
        PAYMENT_METHOD: () =>
          "Your payment method does not support immediate payments. Choose another one under Cards and invoices.",
      } satisfies Record<PaymentFailureReason, (declineCode: string | null) => string>,
      otherCard: "Pay with another card",
      pending: "An earlier attempt at this upgrade waits for its payment. Your plan changes once it is paid.",
      finish: "Finish the payment",
      startOver: "Start over with a new invoice",
      confirm: "Confirm the payment",
    },

    subscription: {
      title: "Plan",
      none: "No subscription",
      free: "Demo PatchBooks, patch and rack exports, community features and the module library are free.",
      ended: (tier: string) => `Your plan ${tier} has ended, and you keep your credits.`,
      freeLead: "A plan adds credits every month, and unused credits roll over.",
      plans: "See the plans",
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
      canceled: "Canceled",
      period: "Current period",
      unpaidPeriod: "Current period, not paid",
      next: "Next",
      range: (start: string, end: string) => `${day(start)} – ${day(end)}`,
      ends: (end: string) => `Ends on ${day(end)}. Until then you keep the plan, and afterwards your credits.`,
      endsUnpaid: (end: string) => `Ends on ${day(end)}. You keep your credits.`,
      changes: (tier: string, moment: string) => `Changes to ${tier} on ${day(moment)}.`,
      renews: (moment: string) => `Renews on ${day(moment)}.`,
      pastDue: "The last payment failed. Pay now or update your card to keep the plan.",
      unconfirmed: "The payment for the renewal needs your confirmation: your bank requires it.",
      exportsCost: "Until it is paid, exports cost credits.",
      returned: (returned: Money, paid: Money) =>
        (returned.amount < paid.amount ? `${money(returned)} of the ${money(paid)}` : `The ${money(paid)}`) +
        " for the current period was refunded or disputed.",
      unlimitedEnded: "That is more than a third, so exports cost credits until a new period is paid.",
      upgradeLater: (end: string) => `You can upgrade after ${day(end)}.`,
      isOpen: (amount: Money) => `${money(amount)} is open.`,
      isRetried: (amount: Money, moment: string) => `${money(amount)} is open, and is tried again on ${day(moment)}.`,
      unpaid: "The last payment failed, and is not retried. Pay the open invoice to reactivate the plan.",
      paused: "The trial has ended. Add a card to continue with the plan.",
      incomplete: "The first payment is not complete. The plan starts once it is paid.",
      updateCard: "Update card",
      resume: (tier: string) => `Resume ${tier}`,
      keep: (tier: string) => `Keep ${tier}`,
      change: "Change plan",
      billing: "Cards and invoices",
      cancel: "Cancel plan",
    },

    cancellation: {
      title: (tier: string) => `Cancel ${tier}?`,
      paid: (tier: string, end: string) =>
        `You keep ${tier} until ${day(end)}, the end of the period that you have paid for.`,
      trial: (tier: string, end: string) => `You keep ${tier} until your trial ends on ${day(end)}.`,
      unpaid: (tier: string, end: string) =>
        `${tier} ends on ${day(end)}. The payment for the current period has failed, and is still due.`,
      ends: (tier: string, end: string) => `${tier} ends on ${day(end)}.`,
      after:
        "After that you are not charged again, and no more credits are added. You keep all the credits that you have.",
      keep: (tier: string) => `Keep ${tier}`,
      cancel: "Cancel plan",
    },

    checkout: {
      confirming: "Checking your payment.",
      confirmingText: "This takes a moment.",
      received: "Payment received.",
      begins: (tier: string) => `${tier} starts in a moment.`,
      open: "This checkout has not been paid. Nothing was charged.",
      continue: "Continue to payment",
      expired: "This checkout has expired. You were not charged.",
      failed: "The payment failed. You were not charged, and nothing was added.",
      processing: "Your payment is being processed.",
      processingPlan: (tier: string) => `${tier} starts once it is paid. A bank payment can take several days.`,
      processingPack: (value: number) =>
        `Your ${credits(value)} are added once it is paid. A bank payment can take several days.`,
      onPlan: (tier: string) => `You are on ${tier}.`,
      arrived: (value: number) => `${credits(value)} added.`,
      thanks: "Thank you.",
      leftUnpaid: "You left the checkout. Nothing was charged.",
      left: "You left the checkout. What you have paid for is shown in your account once the payment is confirmed.",
      alreadySubscribed: "You already have a subscription. Change it on the pricing page.",
    },

    packs: {
      title: "Buy credits",
      lead: "Credits never expire, and you do not need a plan.",
      label: "Credits",
      slider: "Credits, as a slider",
      hint: (fewest: number, most: number) => `From ${number(fewest)} to ${credits(most)}.`,
      fewer: (value: number, amount: Money) => `Fewer than ${number(value)} cost the same ${money(amount)}.`,
      wrong: (fewest: number, most: number) => `Enter a whole number from ${number(fewest)} to ${number(most)}.`,
      price: "Price",
      each: (value: number, price: Money) => `${credits(value)} at ${money(price)} each`,
      minimum: (amount: Money, most: number) => `Packs cost at least ${money(amount)}: ${credits(most)} cost the same.`,
      about: (value: number) => `about ${exports(value)}`,
      owed: (value: number) => `Your balance is ${number(-value)}: new credits are offset against that first.`,
      offset: (value: number, left: number) =>
        `Your balance is ${number(-value)}, so it will be ${number(left)} after this purchase.`,
      submit: "Continue to payment",
      tip: "Tip",
      tipTitle: "Need credits every month?",
      tipBest: (tier: string, price: Money, value: number) =>
        `With ${tier}, a credit costs ${money(price)}, and ${number(value)} are added every month.`,
      tipUnlimited: (tier: string) => `${tier} includes unlimited exports.`,
      plans: "See the plans",
    },

    billing: billingEn(formats),
    topUps: topUpsEn(formats),

    payments: {
      title: "Credit packs",
      caption: "Payments for credit packs, newest first",
      date: "Date",
      pack: "Pack",
      amount: "Amount",
      status: "Status",
      statuses: {
        PENDING: "Processing",
        SUCCEEDED: "Paid",
        FAILED: "Failed",
        PARTIALLY_REFUNDED: "Partly refunded",
        REFUNDED: "Refunded",
        DISPUTED: "Disputed",
      } satisfies Record<PaymentStatus, string>,
      pending: "The credits are added once the payment is complete. A bank payment can take several days.",
      refunded: (amount: Money) => `${money(amount)} refunded`,
      refundUnderWay: "Refund under way",
      refundPending: (amount: Money) => `${money(amount)} is on its way to you. That can take several days.`,
      more: "Show more",
    },

    exporting: exportingEn(formats, credits),

    history: {
      title: "History",
      show: "Show",
      all: "All changes",
      pages: "Pages of the history",
      newer: "Newer",
      older: "Older",
      caption: "Changes of the balance, newest first",
      date: "Date",
      description: "Description",
      credits: "Credits",
      balance: "Balance",
      empty: "No changes yet.",
      emptyFilter: "No changes of this type.",
      entries: entriesEn(formats),
      filters: {
        PURCHASE: "Purchases",
        SPEND: "Exports",
        GRANT: "Credits added",
        REFUND: "Refunds",
        HOLD: "Reservations",
        RELEASE: "Releases",
      } satisfies Record<ChangeType, string>,
      chartEmpty: "No changes yet",
      chartCaption: (changes: number, since: string) =>
        `Last ${count(changes, "change", "changes")}, since ${day(since)}`,
      chartBalance: (balance: number, moment: string) => `${minute(moment)}: ${credits(balance)}`,
      chartChange: (delta: number, moment: string) => `${minute(moment)}: ${signed(delta)} credits`,
      usageDay: (day: string, value: number, spent: number) => `${day}: ${exports(value)}, ${credits(spent)}`,
      usageCaption: (days: number) => `Exports in the last ${count(days, "day", "days")}, by day`,
      usageSummary: (value: number, spent: number, days: number) =>
        `${exports(value)} for ${credits(spent)} in the last ${count(days, "day", "days")}.`,
      chartSummary: (changes: number, from: number, to: number, highest: number) =>
        `Balance over the last ${count(changes, "change", "changes")}: from ${number(from)} to ${credits(to)}, ` +
        `highest ${number(highest)}.`,
    },
  };
}
