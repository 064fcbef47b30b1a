import "./frame.css";

import { useEffect, useRef } from "react";
import { Link, NavLink, Outlet, useLocation } from "react-router";

import { Logo } from "../brand/Logo";
import { ConnectionNotice } from "./ConnectionNotice";
import { Whoami } from "./Whoami";

/** What stands around every page. */
export function Frame() {
  const main = useArrival();
  return (
    <>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="rail">
        <div className="rail-inside">
          <Link className="brand" to="/">
            <Logo />
            Patch-Hive
          </Link>
          <nav className="rail-nav" aria-label="Pages">
            <NavLink to="/pricing">Pricing</NavLink>
            <NavLink to="/credits">Credits</NavLink>
            <NavLink to="/account">Account</NavLink>
          </nav>
          <Whoami />
        </div>
      </header>
      <ConnectionNotice />
      <main className="page" id="content" ref={main} tabIndex={-1}>
        <Outlet />
      </main>
      <footer className="rail rail-foot">
        <p className="rail-inside small">
          <span>Payments are handled by Stripe. Prices are in US dollars.</span>
          <span>Every credit is one line in your history.</span>
        </p>
      </footer>
    </>
  );
}

/** Takes the focus and the eye to the top of a page that was just gone to, as a browser does by itself between documents. */
function useArrival() {
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const before = useRef(pathname);
  useEffect(() => {
    if (before.current === pathname) return;
    before.current = pathname;
    main.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [pathname]);
  return main;
}
