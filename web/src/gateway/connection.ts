/** How things stand with the gateway: nothing is asked of it, it answers live, it is being reached, or there is no network. */
export type ConnectionState = "idle" | "live" | "connecting" | "offline";

/** Watches the connection; what is shown follows it. */
export class Connection {
  #socket: "idle" | "live" | "connecting" = "idle";
  #online: boolean;
  readonly #listeners = new Set<() => void>();

  constructor(online: boolean) {
    this.#online = online;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): ConnectionState => (this.#online ? this.#socket : "offline");

  socket(state: "idle" | "live" | "connecting"): void {
    this.#socket = state;
    this.#tell();
  }

  network(online: boolean): void {
    this.#online = online;
    this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
