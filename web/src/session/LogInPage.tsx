import "./session.css";

import { Link, Navigate, useLocation } from "react-router";

import { useSession } from "./current";
import { LogInForm } from "./LogInForm";
import { nextPath } from "./next";

export function LogInPage() {
  const session = useSession();
  const { search } = useLocation();
  if (session.is !== "out") return <Navigate to={nextPath(search)} replace />;
  return (
    <div className="session-page">
      <title>Log in – Patch-Hive</title>
      <section className="module">
        <h1>Log in</h1>
        <LogInForm />
        <p className="quiet">
          New here? <Link to={{ pathname: "/signup", search }}>Sign up</Link>
        </p>
      </section>
    </div>
  );
}
