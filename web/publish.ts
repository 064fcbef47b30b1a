import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

import type { Plugin } from "vite";

import { paths } from "./src/paths.ts";

/** Copies index.html for each path: the gateway serves a path from the file of that name, and has no list of paths. */
export function pages(): Plugin {
  return {
    name: "pages",
    apply: "build",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        const index = bundle["index.html"];
        if (index?.type !== "asset") this.error("there is no index.html to copy");
        for (const path of paths) this.emitFile({ type: "asset", fileName: `${path}.html`, source: index.source });
      },
    },
  };
}

const TEXT = /\.(css|html|js|json|svg|ttf)$/;

/** Bytes below which compression gains nothing: such files fit into a packet. */
const LEAST_BYTES = 1_000;

/** The highest quality that does not take minutes. */
const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };

/** Adds a brotli and a gzip version of each file that gains from it. The gateway chooses one per request. */
export function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    async writeBundle({ dir = "dist" }, bundle) {
      const names = Object.keys(bundle).filter((name) => TEXT.test(name));
      await Promise.all(names.map((name) => compress(join(dir, name))));
    },
  };
}

async function compress(file: string) {
  const bytes = await readFile(file);
  if (bytes.length < LEAST_BYTES) return;
  await writeFile(`${file}.br`, await promisify(brotliCompress)(bytes, brotli));
  await writeFile(`${file}.gz`, await promisify(gzip)(bytes, { level: 9 }));
}
