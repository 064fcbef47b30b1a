import { useCallback, useState } from "react";
import { Link } from "react-router";
import { useQuery } from "urql";

import { failure } from "../gateway/failure";
import { Problem } from "../gateway/Problem";
import { Notice } from "../style/Notice";
import { Skeleton } from "../style/Skeleton";
import { format } from "../text/current";
import { ActionsModule } from "./ActionsModule";
import { BillingFacts } from "./BillingFacts";
import { Correction } from "./Correction";
import { CustomerFacts } from "./CustomerFacts";
import { DeskUserDocument } from "./generated/graphql";
import { LedgerModule } from "./LedgerModule";
import { InvoicesModule, PaymentsModule, TopUpsModule } from "./MoneyModules";
import { AttentionModule } from "./TasksModule";
import { desk } from "./texts";

/** Everything about one customer, and the correction of the balance. */
export function CustomerDesk({ id }: { id: string }) {
  const [{ data, error }, ask] = useQuery({
    query: DeskUserDocument,
    variables: { id },
    requestPolicy: "cache-and-network",
  });
  const [revision, setRevision] = useState(0);
  const again = useCallback(() => {
    ask({ requestPolicy: "network-only" });
  }, [ask]);
  const user = data?.user;
  return (
    <>
      <div className="page-title">
        <p>
          <Link to="/admin">{desk.back}</Link>
        </p>
        <h1>{user?.username ?? desk.customer.title}</h1>
      </div>
      <div className="desk">
        {error && <Problem failure={{ ...failure(error), again: true }} onAgain={again} />}
        {data === undefined && !error && <Skeleton />}
        {user === null && (
          <Notice look="bad">
            <p>{desk.customer.missing}</p>
          </Notice>
        )}
        {user && (
          <>
            {user.closedAt !== null && (
              <div className="desk-wide">
                <Notice>
                  <p>{desk.customer.closed(format.day(user.closedAt))}</p>
                </Notice>
              </div>
            )}
            <CustomerFacts user={user} />
            {user.closedAt === null && (
              <Correction
                user={user}
                onDone={() => {
                  setRevision(revision + 1);
                  again();
                }}
              />
            )}
            {user.stripeCustomerId !== null && <BillingFacts id={id} subscription={user.subscription} />}
            <AttentionModule id={id} />
            <LedgerModule id={id} revision={revision} />
            <PaymentsModule id={id} />
            <TopUpsModule id={id} />
            <InvoicesModule id={id} />
            <ActionsModule userId={id} revision={revision} />
          </>
        )}
      </div>
    </>
  );
}
