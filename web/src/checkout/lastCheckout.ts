/** The name of the stored value. */
const NAME = "patch-hive.checkout";

/** Stores the id of the checkout that this tab opens, which the address of the way back from a canceled one does not have. */
export function storeCheckout(id: string): void {
  window.sessionStorage.setItem(NAME, id);
}

/** The id of the checkout that this tab has opened last; null for none. */
export function lastCheckout(): string | null {
  return window.sessionStorage.getItem(NAME);
}
