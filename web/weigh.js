// Weighs what a browser loads, and fails when it is too much: scripts are the slowest part of a page on a phone.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

/** The limit for the compressed script of a page, in bytes. */
const MOST = 150_000;

const dist = new URL("dist/", import.meta.url);

/** Sums up the scripts that a page loads, directly and through other scripts. */
function weigh(page) {
  const scripts = new Set();
  const queue = [page];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    const text = readFileSync(new URL(file, dist), "utf8");
    for (const [, name] of text.matchAll(/["'/]([\w.-]+\.js)\b/g)) {
      const asset = `assets/${name}`;
      if (!scripts.has(asset)) {
        scripts.add(asset);
        queue.push(asset);
      }
    }
  }
  return [...scripts].reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, dist))).length, 0);
}

const bytes = weigh("index.html");
console.log(`the pages load ${bytes} bytes of compressed script; ${MOST} are allowed`);
if (bytes === 0 || bytes > MOST) process.exit(1);
