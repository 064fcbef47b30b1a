import "./frame.css";

import { useEffect, useRef } from "react";
import { Link, NavLink, Outlet, useLocation } from "react-router";

import { Logo } from "../brand/Logo";
import { LegalLinks } from "../legal/LegalLinks";
import { useSession } from "../session/current";
import { text } from "../text/current";
import { ConnectionNotice } from "./ConnectionNotice";
import { SessionMenu } from "./SessionMenu";

/** The header, the navigation and the footer around every page. */
export function Frame() {
  const main = useTopAfterNavigation();
  const session = useSession();
  const isAdmin = session.is !== "out" && session.session.user.role === "ADMIN";
  return (
    <>
      <a className="skip" href="#content">
        {text.frame.skip}
      </a>
      <header className="rail">
        <div className="rail-inside">
          <Link className="brand" to="/">
            <Logo />
            Patch-Hive
          </Link>
          <nav className="rail-nav" aria-label={text.frame.pages}>
            <NavLink to="/pricing">{text.frame.pricing}</NavLink>
            <NavLink to="/credits">{text.frame.credits}</NavLink>
            <NavLink to="/account">{text.frame.account}</NavLink>
            {isAdmin && <NavLink to="/admin">{text.frame.desk}</NavLink>}
          </nav>
          <SessionMenu />
        </div>
      </header>
      <ConnectionNotice />
      <main className="page" id="content" ref={main} tabIndex={-1}>
        <Outlet />
      </main>
      <footer className="rail rail-foot">
        <p className="rail-inside small">
          <span>{text.frame.stripe}</span>
          <span>{text.frame.history}</span>
        </p>
        <LegalLinks />
      </footer>
    </>
  );
}

/** Moves the focus and the scroll position to the top after a navigation, as browsers do between documents. */
function useTopAfterNavigation() {
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const previous = useRef(pathname);
  useEffect(() => {
    if (previous.current === pathname) return;
    previous.current = pathname;
    main.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [pathname]);
  return main;
}
