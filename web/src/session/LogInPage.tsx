import "./session.css";

import { Link, Navigate, useLocation } from "react-router";

import { ClosedNotice } from "../profile/ClosedNotice";
import { text } from "../text/current";
import { pathAfterLogin } from "./afterLogin";
import { useSession } from "./current";
import { LogInForm } from "./LogInForm";

export function LogInPage() {
  const session = useSession();
  const { search } = useLocation();
  if (session.is !== "out") return <Navigate to={pathAfterLogin(search)} replace />;
  return (
    <div className="session-page">
      <title>{text.title(text.session.logIn)}</title>
      <section className="module">
        <h1>{text.session.logIn}</h1>
        <ClosedNotice />
        <LogInForm />
        <p className="quiet">
          {text.session.isNew} <Link to={{ pathname: "/signup", search }}>{text.session.signUp}</Link>
        </p>
      </section>
    </div>
  );
}
