/** A gateway of its own for each file of tests: `patch-hive dev` on free ports, with a fresh database. */

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const ROOT = new URL("../../", import.meta.url).pathname;

/** The program: PATCH_HIVE_BIN, or what `cargo build` made. */
export const program =
  process.env["PATCH_HIVE_BIN"] ?? join(process.env["CARGO_TARGET_DIR"] ?? join(ROOT, "target"), "debug", "patch-hive");

/** Maximum time of a start, on a busy machine too. */
const START_MILLISECONDS = 60_000;

/** A free port, chosen by the system at the first start and kept for the next ones. */
const ANY = "127.0.0.1:0";

export class Gateway {
  /** `host:port` of the gateway. */
  address = ANY;
  /** `http://host:port` of the Stripe stand-in. */
  sandbox = `http://${ANY}`;
  /** A token of the demo user. */
  token = "";
  /** A token of an admin, who is the same user. */
  admin = "";
  /** Holds the database, and nothing else. */
  readonly folder: string;
  readonly args: string[];
  #process: ChildProcess | undefined;

  private constructor(folder: string, args: string[]) {
    this.folder = folder;
    this.args = args;
  }

  /** Starts a gateway on a fresh database; `args` are added to `patch-hive dev`. */
  static async start(...args: string[]): Promise<Gateway> {
    if (!existsSync(program)) throw new Error(`${program} is not there: cargo build, or set PATCH_HIVE_BIN`);
    const gateway = new Gateway(await mkdtemp(join(tmpdir(), "patch-hive-clients-")), args);
    await gateway.startAgain();
    return gateway;
  }

  get url(): string {
    return `http://${this.address}/graphql`;
  }

  get socketUrl(): string {
    return `ws://${this.address}/graphql`;
  }

  /** Starts it where it was, on the database that is there. */
  async startAgain(): Promise<void> {
    const addresses = ["--bind", this.address, "--sandbox-bind", new URL(this.sandbox).host];
    // No setting of the caller"s machine may leak in, so neither its variables nor its .env.
    const child = spawn(program, ["dev", ...addresses, ...this.args], {
      cwd: this.folder,
      env: { PATH: process.env["PATH"], LOG: process.env["LOG"] ?? "warn" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#process = child;
    const late = setTimeout(() => child.kill("SIGKILL"), START_MILLISECONDS);
    await this.#welcome(child);
    clearTimeout(late);
  }

  /** Stops it as an operator does. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Stops it and leaves nothing behind. */
  async remove(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true });
  }

  /** Asks over HTTP, and answers with the whole body. */
  async asks<T = any>(query: string, token?: string, variables: object = {}): Promise<{ data?: T; errors?: any[] }> {
    const response = await fetch(this.url, {
      method: "POST",
      headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as { data?: T; errors?: any[] };
  }

  /** Reads what it says when it serves. */
  async #welcome(child: ChildProcess): Promise<void> {
    let serves = false;
    for await (const line of createInterface({ input: child.stdout! })) {
      const [, name, value] = /^ {2}(Gateway|Sandbox|Token|Admin) +(\S+)/.exec(line) ?? [];
      if (name === "Gateway") this.address = new URL(value!).host;
      if (name === "Sandbox") this.sandbox = value!;
      if (name === "Token") this.token = value!;
      if (name === "Admin") this.admin = value!;
      serves = name === "Admin";
      if (serves) break;
    }
    if (!serves) throw new Error(`${program} did not start: it says why above`);
    // The rest is for human readers, and must not fill the pipe.
    child.stdout!.resume();
  }

  async #end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }
}
