import { useState } from "react";
import { Link } from "react-router";

import { useAccount } from "../account/context";
import type { AlertKind } from "../generated/graphql";
import { Notice } from "../style/Notice";
import { text } from "../text/current";
import { alertSummary } from "./alertSummary";
import { currentAlert } from "./current";
import { STEP, useAlerts } from "./useAlerts";

/** Remembers in this browser which alert the person closed last. */
const KEY = "patch-hive.alert";

/** The newest alert, until its reason has passed or the person closes it. */
export function AlertNotice() {
  const { alerts } = useAlerts(STEP);
  const account = useAccount();
  const [closed, setClosed] = useState(() => window.localStorage.getItem(KEY));
  const alert = currentAlert(alerts, account, closed);
  if (alert === null) return null;
  return (
    <Notice
      onClose={() => {
        window.localStorage.setItem(KEY, alert.id);
        setClosed(alert.id);
      }}
    >
      <p>
        {alertSummary(alert, account.plan?.subscription?.openInvoice?.needsConfirmation)}{" "}
        <Remedy kind={alert.kind} ofPlan={alert.tier !== null} />
      </p>
    </Notice>
  );
}

/** A link to what helps. The plan's own module has the rest. */
function Remedy({ kind, ofPlan }: { kind: AlertKind; ofPlan: boolean }) {
  if (kind === "LOW_BALANCE" || (kind === "PAYMENT_FAILED" && !ofPlan)) {
    return <Link to="/credits">{text.balance.add}</Link>;
  }
  return null;
}
