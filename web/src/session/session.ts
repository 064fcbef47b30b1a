import type { SessionPartsFragment } from "../generated/graphql";

/** Somebody who is logged in. */
export type Session = SessionPartsFragment;

/** Who looks at the page: nobody known, somebody, or somebody whose token has ended while they were here. */
export type SessionState = { is: "out" } | { is: "in"; session: Session } | { is: "ended"; session: Session };

const KEY = "patch-hive.session";

const OUT: SessionState = { is: "out" };

/** What a wish for a token is answered with when the person logs out instead of in. */
export class LoggedOut extends Error {
  override name = "LoggedOut";

  constructor() {
    super("You are logged out.");
  }
}

/**
 * The session of this browser.
 *
 * It is kept in localStorage rather than sessionStorage, so that all tabs are one person: who logs out in one is out in
 * all, and a checkout that comes back in another tab finds its account. Neither is safe from foreign scripts, and the
 * content security policy allows none.
 */
export class Sessions {
  #state: SessionState = OUT;
  readonly #storage: Storage;
  readonly #listeners = new Set<() => void>();

  constructor(storage: Storage, now: number = Date.now()) {
    this.#storage = storage;
    const session = this.#read();
    // Who comes back later was in the middle of nothing: no need to ask for the password at once.
    if (session !== null && Date.parse(session.expiresAt) > now) {
      this.#state = { is: "in", session };
    }
  }

  get state(): SessionState {
    return this.#state;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): SessionState => this.#state;

  /** Somebody has logged in, for the first time or again. */
  begin(session: Session): void {
    this.#storage.setItem(KEY, JSON.stringify(session));
    this.#become({ is: "in", session });
  }

  /** The person logs out. */
  end(): void {
    this.#storage.removeItem(KEY);
    this.#become(OUT);
  }

  /** The gateway refuses this token. A token that has been replaced meanwhile says nothing about the present one. */
  refuse(token: string | undefined): void {
    if (this.#state.is === "in" && this.#state.session.token === token) {
      this.#become({ is: "ended", session: this.#state.session });
    }
  }

  /** Another tab logged in or out. */
  follow(): void {
    const session = this.#read();
    if (session === null) {
      this.#become(OUT);
    } else if (this.#state.is === "out" || this.#state.session.token !== session.token) {
      this.#become({ is: "in", session });
    }
  }

  /** The token to send along; null for a visitor, and the last one while the session has ended. */
  get token(): string | undefined {
    return this.#state.is === "out" ? undefined : this.#state.session.token;
  }

  /**
   * Waits until somebody is logged in and gives their token.
   *
   * @throws LoggedOut once nobody is.
   */
  fresh(): Promise<string> {
    return new Promise((resolve, reject) => {
      const decide = (): boolean => {
        if (this.#state.is === "in") resolve(this.#state.session.token);
        else if (this.#state.is === "out") reject(new LoggedOut());
        else return false;
        return true;
      };
      if (decide()) return;
      const stop = this.subscribe(() => {
        if (decide()) stop();
      });
    });
  }

  #become(state: SessionState): void {
    if (state.is === "out" && this.#state.is === "out") return;
    this.#state = state;
    for (const listener of [...this.#listeners]) listener();
  }

  #read(): Session | null {
    try {
      const session: unknown = JSON.parse(this.#storage.getItem(KEY) ?? "null");
      return isSession(session) ? session : null;
    } catch {
      return null;
    }
  }
}

function isSession(value: unknown): value is Session {
  if (typeof value !== "object" || value === null) return false;
  const { token, expiresAt, user } = value as Partial<Session>;
  return typeof token === "string" && typeof expiresAt === "string" && typeof user === "object";
}
