import type { ReactElement } from "react";
import { Route, Routes } from "react-router";

import { ConfirmEmailPage } from "./access/ConfirmEmailPage";
import { ForgotPasswordPage } from "./access/ForgotPasswordPage";
import { ResetPasswordPage } from "./access/ResetPasswordPage";
import { VerifyEmailPage } from "./access/VerifyEmailPage";
import { AccountPage } from "./account/AccountPage";
import { AccountProvider } from "./account/AccountProvider";
import { Desk } from "./desk/Desk";
import { Home } from "./frame/Home";
import { Frame } from "./frame/Frame";
import { NotFound } from "./frame/NotFound";
import { type Path, paths } from "./paths";
import { CreditsPage } from "./payment/CreditsPage";
import { PricingPage } from "./plan/PricingPage";
import { useSession } from "./session/current";
import { LogInPage } from "./session/LogInPage";
import { SessionEnded } from "./session/SessionEnded";
import { SignUpPage } from "./session/SignUpPage";

const pages: Record<Path, ReactElement> = {
  pricing: <PricingPage />,
  credits: <CreditsPage />,
  account: <AccountPage />,
  login: <LogInPage />,
  signup: <SignUpPage />,
  "forgot-password": <ForgotPasswordPage />,
  "reset-password": <ResetPasswordPage />,
  "verify-email": <VerifyEmailPage />,
  "confirm-email": <ConfirmEmailPage />,
  admin: <Desk />,
};

/** Every page, for the person who is logged in or for a visitor. */
export function App() {
  const session = useSession();
  const isKnown = session.is !== "out";
  return (
    <>
      <AccountProvider key={isKnown ? session.session.user.id : "visitor"} isKnown={isKnown}>
        <Routes>
          <Route element={<Frame />}>
            <Route path="/" element={<Home />} />
            {paths.map((path) => (
              <Route key={path} path={path} element={pages[path]} />
            ))}
            <Route path="*" element={<NotFound />} />
          </Route>
        </Routes>
      </AccountProvider>
      {session.is === "ended" && <SessionEnded email={session.session.user.email} />}
    </>
  );
}
