import "./session.css";

import { Link, Navigate, useLocation } from "react-router";

import { ClosedNotice } from "../profile/ClosedNotice";
import { text } from "../text/current";
import { pathAfterLogin } from "./afterLogin";
import { useSession } from "./current";
import { LogInForm } from "./LogInForm";
import { purpose } from "./purpose";

export function LogInPage() {
  const session = useSession();
  const { search } = useLocation();
  if (session.is !== "out") return <Navigate to={pathAfterLogin(search)} replace />;
  const reason = purpose(search);
  return (
    <div className="session-page">
      <title>{text.title(text.session.logIn)}</title>
      <section className="module">
        <h1>{text.session.logIn}</h1>
        <ClosedNotice />
        {reason !== null && <p>{reason}</p>}
        <LogInForm />
        <p className="quiet">
          {text.session.isNew}{" "}
          <Link className={reason === null ? undefined : "button"} to={{ pathname: "/signup", search }}>
            {text.session.signUp}
          </Link>
        </p>
      </section>
    </div>
  );
}
