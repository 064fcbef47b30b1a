import { useQuery } from "urql";

import { PlansDocument } from "../generated/graphql";

/** What can be subscribed to. */
export function Pricing() {
  const [{ data, error }] = useQuery({ query: PlansDocument });
  return (
    <main>
      <h1>Plans</h1>
      {error && <p role="alert">{error.message}</p>}
      <ul>
        {data?.plans.map((plan) => (
          <li key={plan.tier}>{plan.name}</li>
        ))}
      </ul>
    </main>
  );
}
