import type { Client } from "urql";

import {
  AccountDocument,
  AlertSentDocument,
  AutoTopUpChangedDocument,
  type AutoTopUpChangedSubscription,
  BalanceChangedDocument,
  type BalancePartsFragment,
  type PlanSubscriptionPartsFragment,
  SubscriptionChangedDocument,
  type Tier,
} from "../generated/graphql";

/** Automatic top-ups, the card that is saved for them, and the newest one. */
export type TopUps = AutoTopUpChangedSubscription["autoTopUpChanged"];

/** The live state of an account. Each part is null until it has been received. */
export interface Account {
  balance: BalancePartsFragment | null;
  plan: { tier: Tier; subscription: PlanSubscriptionPartsFragment | null } | null;
  /** The id of the last alert that was received. */
  alert: string | null;
  topUps: TopUps | null;
}

type Stream = ReturnType<ReturnType<Client["subscription"]>["subscribe"]>;

/** Milliseconds before a stream that ended is started again. */
const PAUSE = 2_000;

/** Follows an account over the websocket. Its first values are read by a query, which also arrives where no websocket does. */
export class LiveAccount {
  #account: Account = { balance: null, plan: null, alert: null, topUps: null };
  readonly #client: Client;
  readonly #listeners = new Set<() => void>();

  constructor(client: Client) {
    this.#client = client;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): Account => this.#account;

  /** Follows the account until the returned function is called. */
  follow(): () => void {
    const stops = [
      this.#read(),
      restarting((ended) => this.#followBalance(ended)),
      restarting((ended) => this.#followPlan(ended)),
      restarting((ended) => this.#followAlerts(ended)),
      restarting((ended) => this.#followTopUps(ended)),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  /** Reads what no stream has sent yet, until that succeeds. What a stream has sent is never older. */
  #read(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isStopped = false;
    const read = async (): Promise<void> => {
      if (this.#account.balance !== null && this.#account.plan !== null) return;
      const { data, error } = await this.#client
        .query(AccountDocument, {}, { requestPolicy: "network-only" })
        .toPromise();
      if (isStopped) return;
      if (error || !data) {
        timer = setTimeout(() => void read(), PAUSE);
        return;
      }
      const { balance, tier, subscription } = data;
      const known = this.#account;
      this.#update({ ...known, balance: known.balance ?? balance, plan: known.plan ?? { tier, subscription } });
    };
    void read();
    return () => {
      isStopped = true;
      clearTimeout(timer);
    };
  }

  #followBalance(ended: () => void): Stream {
    const version = (): number | undefined => this.#account.balance?.version;
    // Read at each new connection, so that changes are neither repeated nor missed.
    const variables = {
      get afterVersion() {
        return version();
      },
    };
    const stream = this.#client.subscription(BalanceChangedDocument, variables);
    return stream.subscribe(({ data, error, hasNext }) => {
      const change = data?.balanceChanged;
      if (change && (change.snapshot || change.version > (version() ?? -1))) {
        this.#update({ ...this.#account, balance: change.balance });
      }
      if (error || !hasNext) ended();
    });
  }

  #followPlan(ended: () => void): Stream {
    const stream = this.#client.subscription(SubscriptionChangedDocument, {});
    return stream.subscribe(({ data, error, hasNext }) => {
      const change = data?.subscriptionChanged;
      if (change) {
        this.#update({ ...this.#account, plan: { tier: change.tier, subscription: change.subscription } });
      }
      if (error || !hasNext) ended();
    });
  }

  #followAlerts(ended: () => void): Stream {
    const last = (): string | undefined => this.#account.alert ?? undefined;
    // Read at each new connection, as the version of the balance is.
    const variables = {
      get afterId() {
        return last();
      },
    };
    const stream = this.#client.subscription(AlertSentDocument, variables);
    return stream.subscribe(({ data, error, hasNext }) => {
      if (data) this.#update({ ...this.#account, alert: data.alerts.id });
      if (error || !hasNext) ended();
    });
  }

  #followTopUps(ended: () => void): Stream {
    const stream = this.#client.subscription(AutoTopUpChangedDocument, {});
    return stream.subscribe(({ data, error, hasNext }) => {
      if (data) this.#update({ ...this.#account, topUps: data.autoTopUpChanged });
      if (error || !hasNext) ended();
    });
  }

  #update(account: Account): void {
    this.#account = account;
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Runs a stream, and starts it again after it has ended, until the returned function is called. */
function restarting(run: (ended: () => void) => Stream): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stream: Stream | undefined;
  const begin = (): void => {
    timer = undefined;
    stream = run(() => {
      timer ??= setTimeout(() => {
        stream?.unsubscribe();
        begin();
      }, PAUSE);
    });
  };
  begin();
  return () => {
    clearTimeout(timer);
    stream?.unsubscribe();
  };
}
