import { Link, useLocation } from "react-router";

import { useAccount } from "../account/context";
import { Counter } from "../balance/Counter";
import { useConnection } from "../gateway/current";
import { sessions, useSession } from "../session/current";
import { loginPath } from "../session/next";
import { Button } from "../style/Button";
import { Skeleton } from "../style/Skeleton";
import { LED } from "./led";

/** Who is logged in and what they have, or the way in. */
export function Whoami() {
  const session = useSession();
  const { pathname } = useLocation();
  if (session.is === "out") {
    const here = pathname === "/login" || pathname === "/signup" ? "/account" : pathname;
    return (
      <div className="whoami">
        <Link className="button button-quiet" to={loginPath(here)}>
          Log in
        </Link>
        <Link className="button" to="/signup">
          Sign up
        </Link>
      </div>
    );
  }
  return (
    <div className="whoami">
      <LiveBalance />
      <Button
        look="quiet"
        onClick={() => {
          sessions.end();
        }}
      >
        Log out
      </Button>
    </div>
  );
}

function LiveBalance() {
  const { balance } = useAccount();
  const connection = useConnection();
  return (
    <Link className="screen whoami-balance" to="/account">
      <span className={`led ${LED[connection]}`} aria-hidden="true" />
      <span className="unseen">Your balance: </span>
      {balance ? <Counter balance={balance} /> : <Skeleton />}
    </Link>
  );
}
