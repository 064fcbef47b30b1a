import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

import { compressed, pages } from "./publish.ts";

/** The gateway that the development server and the preview forward requests to. */
const gateway = process.env["GATEWAY"] ?? "http://127.0.0.1:8000";

const proxy = { "/graphql": { target: gateway, ws: true } };

export default defineConfig({
  plugins: [react(), pages(), compressed()],
  server: { proxy },
  preview: { proxy },
  build: {
    // The content security policy of the gateway allows `data:` for images only.
    assetsInlineLimit: 0,
    rolldownOptions: { input: { index: "index.html" } },
  },
});
