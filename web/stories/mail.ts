import { readFile } from "node:fs/promises";

import { expect } from "@playwright/test";

import { log } from "./stage";

/** Waits for a mail, which `patch-hive dev` writes to its log, and returns the path of the link in it. */
export async function mailedLink(
  email: string,
  page: "reset-password" | "verify-email" | "confirm-email",
): Promise<string> {
  const link = new RegExp(`mail to ${email.replaceAll(".", "\\.")}: [^#]*(/${page}#token=\\S+)`);
  const read = async () => link.exec(await readFile(log, "utf8"))?.[1] ?? "";
  await expect.poll(read, { message: `a mail to ${email}` }).not.toBe("");
  return read();
}
