import type { SessionPartsFragment } from "../generated/graphql";

/** A person who is logged in, with the token. */
export type Session = SessionPartsFragment;

/** The state of the session: logged out, logged in, or expired while the page is open. */
export type SessionState = { is: "out" } | { is: "in"; session: Session } | { is: "ended"; session: Session };

const KEY = "patch-hive.session";

const OUT: SessionState = { is: "out" };

/** Rejects requests for a token when the person logs out instead of in. */
export class LoggedOut extends Error {
  override name = "LoggedOut";

  constructor() {
    super("You are logged out.");
  }
}

/**
 * The session of this browser.
 *
 * It is stored in localStorage rather than sessionStorage, so that all tabs are the same person: logging out in one tab
 * logs out all, and a checkout that comes back in another tab finds its account. Neither is safe from injected scripts;
 * the content security policy allows none.
 */
export class Sessions {
  #state: SessionState = OUT;
  #isRevoking = false;
  /** True while the end of the websocket is put off. */
  #isDisconnected = false;
  readonly #storage: Storage;
  readonly #listeners = new Set<() => void>();

  constructor(storage: Storage, now: number = Date.now()) {
    this.#storage = storage;
    const session = this.#read();
    // A session that expired while no page was open is dropped: nothing was interrupted, so no log-in is needed yet.
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

  /** A person has logged in, for the first time or again. */
  begin(session: Session): void {
    this.#storage.setItem(KEY, JSON.stringify(session));
    this.#change({ is: "in", session });
  }

  /** The person has another name. */
  rename(username: string): void {
    if (this.#state.is !== "in") return;
    const { session } = this.#state;
    this.begin({ ...session, user: { ...session.user, username } });
  }

  /** The person logs out. */
  end(): void {
    this.#storage.removeItem(KEY);
    this.#change(OUT);
  }

  /** The API refused a request with this token. Refusals of a token that has been replaced are ignored. */
  refuse(token: string | undefined): void {
    if (this.#state.is === "in" && this.#state.session.token === token) {
      this.#change({ is: "ended", session: this.#state.session });
    }
  }

  /** The API closed the websocket of this token. Until a request that revokes the token is done, that is put off. */
  disconnect(token: string | undefined): void {
    if (this.#isRevoking && this.token === token) this.#isDisconnected = true;
    else this.refuse(token);
  }

  /**
   * Sends a request that revokes the token, and then replaces or ends the session. The websocket can be closed before the
   * reply arrives, which counts only if the session is still the same afterwards.
   */
  async revoking(request: () => Promise<void>): Promise<void> {
    this.#isRevoking = true;
    try {
      await request();
    } finally {
      this.#isRevoking = false;
      if (this.#isDisconnected) this.refuse(this.token);
    }
  }

  /** Reads the storage again: another tab has logged in or out. */
  follow(): void {
    const session = this.#read();
    if (session === null) {
      this.#change(OUT);
    } else if (this.#state.is === "out" || this.#state.session.token !== session.token) {
      this.#change({ is: "in", session });
    }
  }

  /** The token to send; undefined for a visitor, and the last one while the session is expired. */
  get token(): string | undefined {
    return this.#state.is === "out" ? undefined : this.#state.session.token;
  }

  /**
   * Waits until a person is logged in, and returns their token.
   *
   * @throws LoggedOut once the person has logged out.
   */
  fresh(): Promise<string> {
    return new Promise((resolve, reject) => {
      const decide = (): boolean => {
        if (this.#state.is === "out") reject(new LoggedOut());
        else if (this.#state.is === "in" && !this.#isDisconnected) resolve(this.#state.session.token);
        else return false;
        return true;
      };
      if (decide()) return;
      const stop = this.subscribe(() => {
        if (decide()) stop();
      });
    });
  }

  #change(state: SessionState): void {
    if (state.is === "out" && this.#state.is === "out") return;
    this.#state = state;
    this.#isDisconnected = false;
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
