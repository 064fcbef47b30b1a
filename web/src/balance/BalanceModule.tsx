import "./balance.css";

import { Link } from "react-router";

import { useAccount } from "../account/context";
import type { Account } from "../account/live";
import { LED } from "../frame/led";
import { useConnection } from "../gateway/current";
import { Skeleton } from "../style/Skeleton";
import { text } from "../text/current";
import { balanceSummary } from "./balanceSummary";
import { Counter } from "./Counter";

/** The live balance. */
export function BalanceModule() {
  const account = useAccount();
  const connection = useConnection();
  return (
    <section className="module balance" aria-labelledby="balance-title">
      <div className="module-head">
        <h2 id="balance-title">{text.balance.title}</h2>
        <p className="label balance-live">
          <span className={`led ${LED[connection]}`} aria-hidden="true" />
          {text.frame.states[connection]}
        </p>
      </div>
      <Display balance={account.balance} />
      <p className="quiet balance-words">{balanceSummary(account) ?? <Skeleton />}</p>
      <Link className="button" to="/credits">
        {text.balance.add}
      </Link>
    </section>
  );
}

function Display({ balance }: Pick<Account, "balance">) {
  return (
    <div className="screen balance-screen" role="status" aria-label={text.balance.title}>
      {balance ? <Counter balance={balance} /> : <Skeleton className="balance-skeleton" />}
      <span className="label">{balance?.unlimited ? text.balance.unlimitedUnit : text.balance.unit}</span>
    </div>
  );
}
