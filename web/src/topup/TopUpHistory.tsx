import { useCallback, useEffect, useRef, useState } from "react";
import { useQuery } from "urql";

import { failure } from "../gateway/failure";
import { Problem } from "../gateway/Problem";
import { type TopUpPartsFragment, TopUpsDocument, type TopUpState } from "../generated/graphql";
import { Button } from "../style/Button";
import { format, text } from "../text/current";

/** Top-ups that are listed at first, and that are added by each click. */
const STEP = 5;

/** The most that the API lists at once. */
const MOST = 100;

const LEDS: Record<TopUpState, string> = {
  PENDING: "led-busy",
  PROCESSING: "led-busy",
  ACTION_REQUIRED: "led-off",
  PAID: "led-live",
  FAILED: "led-off",
};

/** All automatic top-ups, with their states. It follows the newest one. */
export function TopUpHistory({ latest }: { latest: TopUpPartsFragment | null }) {
  const [first, setFirst] = useState(STEP);
  const [{ data, error }, ask] = useQuery({ query: TopUpsDocument, variables: { first }, pause: latest === null });
  const again = useCallback(() => {
    ask({ requestPolicy: "network-only" });
  }, [ask]);
  const key = latest === null ? "" : `${latest.id} ${latest.state}`;
  const seen = useRef(key);
  useEffect(() => {
    if (seen.current !== key) again();
    seen.current = key;
  }, [key, again]);
  if (latest === null) return null;
  if (error && !data) return <Problem failure={{ ...failure(error), again: true }} onAgain={again} />;
  const topUps = data?.topUps.nodes ?? [];
  if (topUps.length === 0) return null;
  return (
    <>
      <h3>{text.topUps.history}</h3>
      <Table topUps={topUps} />
      {data?.topUps.pageInfo.hasNextPage && first < MOST && (
        <p>
          <Button
            look="quiet"
            onClick={() => {
              setFirst(Math.min(MOST, first * 4));
            }}
          >
            {text.payments.more}
          </Button>
        </p>
      )}
    </>
  );
}

function Table({ topUps }: { topUps: readonly TopUpPartsFragment[] }) {
  return (
    <table className="table topup-table">
      <caption className="visually-hidden">{text.topUps.caption}</caption>
      <thead>
        <tr>
          <th scope="col">{text.payments.date}</th>
          <th scope="col">{text.topUps.credits}</th>
          <th scope="col">{text.payments.status}</th>
          <th scope="col" className="table-number">
            {text.payments.amount}
          </th>
        </tr>
      </thead>
      <tbody>
        {topUps.map((topUp) => (
          <tr key={topUp.id}>
            <td>
              <time dateTime={topUp.createdAt}>{format.minute(topUp.createdAt)}</time>
            </td>
            <td>{text.credits(topUp.credits)}</td>
            <td>
              <span className="topup-status">
                <span className={`led ${LEDS[topUp.state]}`} aria-hidden="true" />
                {text.topUps.states[topUp.state]}
              </span>
            </td>
            <td className="digits table-number">
              {topUp.invoiceUrl === null ? (
                format.money(topUp.amount)
              ) : (
                <a href={topUp.invoiceUrl} aria-label={text.topUps.invoice(format.money(topUp.amount))}>
                  {format.money(topUp.amount)}
                </a>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
