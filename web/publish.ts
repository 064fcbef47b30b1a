import { readFile, rm, writeFile } from "node:fs/promises";
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
  return compressing(async (file, bytes) => {
    await writeFile(`${file}.br`, await promisify(brotliCompress)(bytes, brotli));
    await writeFile(`${file}.gz`, await gzipped(bytes));
  });
}

/** Replaces each asset that gains from it by its gzip version, which all browsers read: the program embeds the files. */
export function onlyCompressed(): Plugin {
  return compressing(async (file, bytes) => {
    // The gateway fills pages in before it sends them.
    if (file.endsWith(".html")) return;
    await writeFile(`${file}.gz`, await gzipped(bytes));
    await rm(file);
  });
}

function compressing(compress: (file: string, bytes: Buffer) => Promise<void>): Plugin {
  return {
    name: "compressed",
    apply: "build",
    async writeBundle({ dir = "dist" }, bundle) {
      const files = Object.keys(bundle).filter((name) => TEXT.test(name));
      await Promise.all(
        files.map(async (name) => {
          const file = join(dir, name);
          const bytes = await readFile(file);
          if (bytes.length >= LEAST_BYTES) await compress(file, bytes);
        }),
      );
    },
  };
}

function gzipped(bytes: Buffer): Promise<Buffer> {
  return promisify(gzip)(bytes, { level: 9 });
}
