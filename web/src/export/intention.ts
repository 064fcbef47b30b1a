/** A wish to export, until it is known what became of it. */
export interface Intention {
  /** What is exported. */
  runId: string;
  /** Names the wish: to ask again with the same one never charges again. */
  idempotencyKey: string;
}

/**
 * The wish that somebody has open in this tab. It outlives a lost connection and a reload, so that whatever is tried again is the
 * same wish; and it ends with an answer, so that the next click is a new one.
 */
export class Intentions {
  readonly #storage: Storage;
  readonly #name: string;
  readonly #newKey: () => string;

  constructor(storage: Storage, userId: string, newKey: () => string) {
    this.#storage = storage;
    this.#name = `patch-hive.export.${userId}`;
    this.#newKey = newKey;
  }

  /** The open wish for this run, or a new one. */
  begin(runId: string): Intention {
    const open = this.open();
    if (open?.runId === runId) return open;
    const intention = { runId, idempotencyKey: this.#newKey() };
    this.#storage.setItem(this.#name, JSON.stringify(intention));
    return intention;
  }

  /** The wish whose outcome is not known. */
  open(): Intention | null {
    try {
      const intention = JSON.parse(this.#storage.getItem(this.#name) ?? "null") as Partial<Intention> | null;
      const { runId, idempotencyKey } = intention ?? {};
      return runId !== undefined && idempotencyKey !== undefined ? { runId, idempotencyKey } : null;
    } catch {
      return null;
    }
  }

  /** The outcome is known. */
  end(): void {
    this.#storage.removeItem(this.#name);
  }
}
