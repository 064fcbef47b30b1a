// Weighs what a browser loads, and fails when it is too much: scripts are the slowest part of a page on a phone.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

/** The limit for the compressed script of a page, in bytes. */
const MOST = 150_000;

/** The limit for what the desk for support loads besides. */
const MOST_OF_DESK = 20_000;

/** The scripts of the desk, which only admins load. */
const DESK = /^DeskPage-[\w-]+\.js$/;

const dist = new URL("dist/", import.meta.url);

/** Sums up scripts, and those that they load at once. Scripts for which `isLater` holds are loaded when they are needed. */
function weigh(files, isLater) {
  const scripts = new Set();
  const queue = [...files];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    const text = readFileSync(new URL(file, dist), "utf8");
    for (const [, name] of text.matchAll(/["'`/]([\w.-]+\.js)\b/g)) {
      const asset = `assets/${name}`;
      if (isLater(name) || scripts.has(asset)) continue;
      scripts.add(asset);
      queue.push(asset);
    }
  }
  return [...scripts].reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, dist))).length, 0);
}

const names = readdirSync(new URL("assets/", dist)).filter((name) => DESK.test(name));
const bytes = weigh(["index.html"], (name) => DESK.test(name));
console.log(`the pages load ${bytes} bytes of compressed script; ${MOST} are allowed`);
const ofDesk = weigh(["index.html"], () => false) - bytes;
console.log(`the desk loads ${ofDesk} bytes more; ${MOST_OF_DESK} are allowed`);
if (names.length !== 1 || bytes === 0 || bytes > MOST || ofDesk <= 0 || ofDesk > MOST_OF_DESK) process.exit(1);
