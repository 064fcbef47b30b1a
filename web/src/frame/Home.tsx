import { Link } from "react-router";

import { Rack } from "../brand/Rack";
import { useSession } from "../session/current";

/** The first page. */
export function Home() {
  const known = useSession().is !== "out";
  return (
    <>
      <title>Patch-Hive: credits for PatchBooks</title>
      <section className="hero">
        <div className="hero-words">
          <h1>Take your patches with you.</h1>
          <p className="lead">
            Design your rack in Patch-Hive, then export it as a PatchBook: every cable, every knob, ready for the stage.
            An export costs a few credits. Have them each month, or buy them when you need some.
          </p>
          <p className="actions">
            <Link className="button button-first" to="/pricing">
              See the plans
            </Link>
            <Link className="button" to={known ? "/account" : "/signup"}>
              {known ? "Go to your account" : "Sign up for free"}
            </Link>
          </p>
        </div>
        <Rack />
      </section>
      <section className="home-facts" aria-label="How it works">
        <div className="module">
          <p className="label">1 · Credits</p>
          <h2>Monthly, or by the pack</h2>
          <p className="quiet">
            Plans bring credits each month. A <Link to="/credits">pack</Link> adds as many as you like, and they do not
            run out with the month.
          </p>
        </div>
        <div className="module">
          <p className="label">2 · Exports</p>
          <h2>Charged once, whatever happens</h2>
          <p className="quiet">A lost connection or a second click never costs a second export.</p>
        </div>
        <div className="module">
          <p className="label">3 · History</p>
          <h2>Nothing in the small print</h2>
          <p className="quiet">Each change of your balance is a line that you can read, as it happens.</p>
        </div>
      </section>
    </>
  );
}
