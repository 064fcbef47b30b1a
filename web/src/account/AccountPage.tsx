import "./account.css";

import { Navigate, useLocation } from "react-router";

import { AccessModule } from "../access/AccessModule";
import { EmailNotice } from "../access/EmailNotice";
import { PasswordNotice } from "../access/PasswordNotice";
import { AlertNotice } from "../alert/AlertNotice";
import { AlertsModule } from "../alert/AlertsModule";
import { BalanceModule } from "../balance/BalanceModule";
import { BillingModule } from "../billing/BillingModule";
import { ReturnNotice } from "../checkout/ReturnNotice";
import { ExportModule } from "../export/ExportModule";
import { HistoryModule } from "../ledger/HistoryModule";
import { PaymentsModule } from "../payment/PaymentsModule";
import { ProfileModule } from "../profile/ProfileModule";
import { loginPath } from "../session/afterLogin";
import { useSession } from "../session/current";
import { SubscriptionModule } from "../subscription/SubscriptionModule";
import { text } from "../text/current";
import { TopUpModule } from "../topup/TopUpModule";

/** The balance, the plan, billing, the history and the password of the person who is logged in. */
export function AccountPage() {
  const session = useSession();
  const { pathname, search } = useLocation();
  if (session.is === "out") return <Navigate to={loginPath(pathname + search)} replace />;
  return (
    <>
      <title>{text.title(text.account.title)}</title>
      <div className="page-title">
        <h1>{text.account.heading}</h1>
        <p className="lead account-person">
          {session.session.user.username}, {session.session.user.email}
        </p>
      </div>
      <div className="account">
        <PasswordNotice />
        <EmailNotice />
        <ReturnNotice />
        <AlertNotice />
        <BalanceModule />
        <SubscriptionModule />
        <BillingModule />
        <ExportModule />
        <TopUpModule />
        <PaymentsModule />
        <HistoryModule />
        <AlertsModule />
        <AccessModule />
        <ProfileModule />
      </div>
    </>
  );
}
