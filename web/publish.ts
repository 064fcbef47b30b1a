import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

import type { Plugin } from "vite";

import { paths } from "./src/paths.ts";

/** A copy of index.html for each path: the gateway answers a path with the file of that name, and keeps no list. */
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

/** Smaller files fit into a packet as they are. */
const LEAST_BYTES = 1_000;

/** The best that takes no minutes. */
const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };

/** Each file that is worth it also as brotli and gzip have it, for the gateway to choose from. */
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
