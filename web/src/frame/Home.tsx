import { Link } from "react-router";

import { Rack } from "../brand/Rack";
import { useSession } from "../session/current";
import { text } from "../text/current";

/** The home page. */
export function Home() {
  const isKnown = useSession().is !== "out";
  const { home } = text;
  return (
    <>
      <title>{home.title}</title>
      <section className="hero">
        <div className="hero-words">
          <h1>{home.heading}</h1>
          <p className="lead">{home.lead}</p>
          <p className="actions">
            <Link className="button button-first" to="/pricing">
              {home.plans}
            </Link>
            <Link className="button" to={isKnown ? "/account" : "/signup"}>
              {isKnown ? home.account : home.signUp}
            </Link>
          </p>
        </div>
        <Rack />
      </section>
      <section className="home-facts" aria-label={home.facts}>
        <div className="module">
          <p className="label">1 · {home.credits}</p>
          <h2>{home.creditsHeading}</h2>
          <p className="quiet">{home.creditsText}</p>
        </div>
        <div className="module">
          <p className="label">2 · {home.exports}</p>
          <h2>{home.exportsHeading}</h2>
          <p className="quiet">{home.exportsText}</p>
        </div>
        <div className="module">
          <p className="label">3 · {home.history}</p>
          <h2>{home.historyHeading}</h2>
          <p className="quiet">{home.historyText}</p>
        </div>
      </section>
    </>
  );
}
