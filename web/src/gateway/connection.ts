/** The state of the connection to the API: not wanted, live, being opened, or without a network. */
export type ConnectionState = "idle" | "live" | "connecting" | "offline";

/** Tracks the connection to the API. */
export class Connection {
  #socket: Exclude<ConnectionState, "offline"> = "idle";
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

  /** The websocket has another state. */
  socket(state: Exclude<ConnectionState, "offline">): void {
    this.#socket = state;
    this.#notify();
  }

  /** The browser has gone online or offline. */
  network(online: boolean): void {
    this.#online = online;
    this.#notify();
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
