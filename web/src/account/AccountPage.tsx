import "./account.css";

import { Navigate, useLocation } from "react-router";

import { BalanceModule } from "../balance/BalanceModule";
import { ReturnNotice } from "../checkout/ReturnNotice";
import { ExportModule } from "../export/ExportModule";
import { HistoryModule } from "../ledger/HistoryModule";
import { useSession } from "../session/current";
import { loginPath } from "../session/next";
import { SubscriptionModule } from "../subscription/SubscriptionModule";

/** What somebody has, and what became of it. */
export function AccountPage() {
  const session = useSession();
  const { pathname, search } = useLocation();
  if (session.is === "out") return <Navigate to={loginPath(pathname + search)} replace />;
  return (
    <>
      <title>Your account – Patch-Hive</title>
      <div className="page-title">
        <h1>Your account</h1>
        <p className="lead">
          {session.session.user.username}, {session.session.user.email}
        </p>
      </div>
      <div className="account">
        <ReturnNotice />
        <BalanceModule />
        <SubscriptionModule />
        <ExportModule />
        <HistoryModule />
      </div>
    </>
  );
}
