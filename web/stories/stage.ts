import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where the gateway of the stories listens, and its sandbox. */
export const ports = {
  gateway: Number(process.env["PORT"] ?? 8910),
  sandbox: Number(process.env["PORT"] ?? 8910) + 1,
};

export const gateway = `http://127.0.0.1:${ports.gateway}`;

export const sandbox = `http://127.0.0.1:${ports.sandbox}`;

/** The log of the gateway, in which mails are written. */
export const log = join(tmpdir(), `patch-hive-stories-${ports.gateway}.log`);
