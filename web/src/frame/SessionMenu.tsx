import { Link, useLocation } from "react-router";

import { useAccount } from "../account/context";
import { Counter } from "../balance/Counter";
import { useConnection } from "../gateway/current";
import { loginPath } from "../session/afterLogin";
import { useSession } from "../session/current";
import { logOut } from "../session/logOut";
import { Button } from "../style/Button";
import { Skeleton } from "../style/Skeleton";
import { text } from "../text/current";
import { LED } from "./led";

/** Pages that are of no use after logging in. */
const FOR_VISITORS = new Set(["/login", "/signup", "/forgot-password", "/reset-password"]);

/** The live balance and a button to log out, or links to log in and sign up. */
export function SessionMenu() {
  const session = useSession();
  const { pathname } = useLocation();
  if (session.is === "out") {
    const here = FOR_VISITORS.has(pathname) ? "/account" : pathname;
    return (
      <div className="session-menu">
        <Link className="button button-quiet" to={loginPath(here)}>
          {text.frame.logIn}
        </Link>
        <Link className="button" to="/signup">
          {text.frame.signUp}
        </Link>
      </div>
    );
  }
  return (
    <div className="session-menu">
      <LiveBalance />
      <Button look="quiet" onClick={logOut}>
        {text.frame.logOut}
      </Button>
    </div>
  );
}

function LiveBalance() {
  const { balance } = useAccount();
  const connection = useConnection();
  return (
    <Link className="screen session-balance" to="/account">
      <span className={`led ${LED[connection]}`} aria-hidden="true" />
      <span className="visually-hidden">{text.frame.yourBalance} </span>
      {balance ? <Counter balance={balance} /> : <Skeleton />}
    </Link>
  );
}
