import "./balance.css";

import { Link } from "react-router";

import { useAccount } from "../account/context";
import { LED } from "../frame/led";
import type { ConnectionState } from "../gateway/connection";
import { useConnection } from "../gateway/current";
import type { BalancePartsFragment } from "../generated/graphql";
import { day } from "../moment";
import { count } from "../money";
import { Skeleton } from "../style/Skeleton";
import { Counter } from "./Counter";

const WORDS: Record<ConnectionState, string> = {
  idle: "Connecting",
  live: "Live",
  connecting: "Connecting",
  offline: "Offline",
};

/** The balance, as it is at this moment. */
export function BalanceModule() {
  const { balance } = useAccount();
  const connection = useConnection();
  return (
    <section className="module balance" aria-labelledby="balance-title">
      <div className="module-head">
        <h2 id="balance-title">Balance</h2>
        <p className="label balance-live">
          <span className={`led ${LED[connection]}`} aria-hidden="true" />
          {WORDS[connection]}
        </p>
      </div>
      <div className="screen balance-screen" role="status" aria-label="Balance">
        {balance ? <Counter balance={balance} /> : <Skeleton className="balance-skeleton" />}
        <span className="label">{balance?.unlimited ? "exports without end" : "credits"}</span>
      </div>
      <p className="quiet balance-words">{balance ? words(balance) : <Skeleton />}</p>
      <Link className="button" to="/credits">
        Add credits
      </Link>
    </section>
  );
}

function words({ unlimited, unlimitedUntil, credits, exportsLeft }: BalancePartsFragment): string {
  if (unlimited) {
    const until = unlimitedUntil === null ? "" : ` until ${day(unlimitedUntil)}`;
    return `Exports are unlimited${until}. Your ${count(credits, "credit")} stay untouched.`;
  }
  if (credits < 0) return "A refund took back credits that were spent already. The next ones make up for it.";
  if (exportsLeft === 0) return "Not enough for an export.";
  return `Enough for ${count(exportsLeft ?? 0, "export")}.`;
}
