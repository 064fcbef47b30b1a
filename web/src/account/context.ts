import { createContext, use, useSyncExternalStore } from "react";

import type { Account, LiveAccount } from "./live";

export const AccountContext = createContext<LiveAccount | null>(null);

/** The live account of the person who is logged in. */
export function useAccount(): Account {
  const account = use(AccountContext);
  if (account === null) throw new Error("there is no AccountProvider around this");
  return useSyncExternalStore(account.subscribe, account.snapshot);
}
