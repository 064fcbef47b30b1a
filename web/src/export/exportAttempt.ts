/** An export that was requested and whose outcome is not known yet. */
export interface ExportAttempt {
  /** The PatchBook run to export. */
  runId: string;
  /** Identifies the attempt: a retry with the same key is never charged again. */
  idempotencyKey: string;
}

/** An attempt with the time when it began, in milliseconds. */
interface StoredAttempt extends ExportAttempt {
  begunAt: number;
}

/** Milliseconds after which no hold is open anymore: the longest lasts a day. */
const LIFETIME = 24 * 60 * 60 * 1000;

/**
 * Stores the export attempt of this tab. It outlives a lost connection and a reload, so that a retry is the same attempt.
 * It ends when the outcome is known, so that the next click is a new one.
 */
export class ExportAttempts {
  readonly #storage: Storage;
  readonly #name: string;
  readonly #newKey: () => string;
  readonly #now: () => number;

  constructor(storage: Storage, userId: string, newKey: () => string, now: () => number = Date.now) {
    this.#storage = storage;
    this.#name = `patch-hive.export.${userId}`;
    this.#newKey = newKey;
    this.#now = now;
  }

  /** Returns the open attempt for this run, or begins a new one. */
  begin(runId: string): ExportAttempt {
    const open = this.open();
    if (open?.runId === runId) return open;
    const attempt = { runId, idempotencyKey: this.#newKey() };
    this.#storage.setItem(this.#name, JSON.stringify({ ...attempt, begunAt: this.#now() }));
    return attempt;
  }

  /** The attempt whose outcome is not known; null when there is none, or when its hold has long ended. */
  open(): ExportAttempt | null {
    try {
      const stored = JSON.parse(this.#storage.getItem(this.#name) ?? "null") as Partial<StoredAttempt> | null;
      const { runId, idempotencyKey, begunAt } = stored ?? {};
      if (runId === undefined || idempotencyKey === undefined || begunAt === undefined) return null;
      return this.#now() - begunAt < LIFETIME ? { runId, idempotencyKey } : null;
    } catch {
      return null;
    }
  }

  /** Ends the attempt: its outcome is known. */
  end(): void {
    this.#storage.removeItem(this.#name);
  }
}
