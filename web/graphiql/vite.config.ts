import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

import { onlyCompressed } from "../publish.ts";

/** GraphiQL is built separately, so that the pages do not load chunks that only it needs. */
export default defineConfig({
  root: import.meta.dirname,
  base: "/graphiql/",
  plugins: [react(), onlyCompressed()],
  build: {
    outDir: "../dist/graphiql",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    // An editor is big.
    chunkSizeWarningLimit: 5_000,
    rolldownOptions: {
      // Directives for a compiler that has been at work already.
      onLog: (level, log, report) => {
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") report(level, log);
      },
    },
  },
});
