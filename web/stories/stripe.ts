import type { APIRequestContext } from "@playwright/test";

import { sandbox } from "./stage";

const HEADERS = { authorization: "Bearer sk_test_stories" };

interface Subscription {
  items: { data: { price: { id: string } }[] };
}

/** Calls Stripe without the pages: as support does on Stripe's dashboard, or another program of the same account. */
export function stripeOf(request: APIRequestContext) {
  const get = async (path: string): Promise<unknown> =>
    (await request.get(`${sandbox}${path}`, { headers: HEADERS })).json();
  /** The ids in a list, newest first. */
  const list = async (path: string): Promise<[string, ...string[]]> => {
    const { data } = (await get(path)) as { data: { id: string }[] };
    const [first, ...others] = data.map(({ id }) => id);
    if (first === undefined) throw new Error(`${path} is empty`);
    return [first, ...others];
  };
  return {
    list,
    /** The price of a subscription. */
    price: async (subscription: string): Promise<string> => {
      const { items } = (await get(`/v1/subscriptions/${subscription}`)) as Subscription;
      return items.data[0]?.price.id ?? "no price";
    },
    post: async (path: string, form: Record<string, string>): Promise<{ url: string }> => {
      const response = await request.post(`${sandbox}${path}`, { form, headers: HEADERS });
      if (!response.ok()) throw new Error(await response.text());
      return (await response.json()) as { url: string };
    },
    /** Ends the subscription of a person at once. */
    end: async (email: string): Promise<void> => {
      const [customer] = await list(`/v1/customers?email=${email}`);
      const [subscription] = await list(`/v1/subscriptions?customer=${customer}`);
      await request.delete(`${sandbox}/v1/subscriptions/${subscription}`, { headers: HEADERS });
    },
    /** Makes the next calls that match go wrong. */
    fault: (fault: object) => request.post(`${sandbox}/sandbox/faults`, { data: fault }),
  };
}
