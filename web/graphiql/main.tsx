import "graphiql/setup-workers/vite";

import { explorerPlugin } from "@graphiql/plugin-explorer";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { createRoot } from "react-dom/client";

import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "./page.css";

/** The settings that the gateway writes into the page. */
interface Settings {
  /** Operations, one per tab. */
  story: string[];
  /** Headers of every request: in `patch-hive dev`, the token of the demo user. */
  headers: Record<string, string>;
}

const settings = JSON.parse(document.getElementById("settings")?.textContent ?? "{}") as Settings;
const endpoint = new URL("/graphql", window.location.href);
const socket = new URL(endpoint);
socket.protocol = endpoint.protocol === "https:" ? "wss:" : "ws:";

const fetcher = createGraphiQLFetcher({
  url: endpoint.href,
  subscriptionUrl: socket.href,
  headers: settings.headers,
  // The headers of a tab are merged into these, over HTTP and over the socket alike: a tab can speak for another user.
  wsConnectionParams: settings.headers,
});

const tabs = settings.story.map((query) => ({ query: query.replaceAll("{{origin}}", window.location.origin) }));
// A narrow screen has room for the operation and its answer, and for no more.
const isWide = window.matchMedia("(min-width: 48rem)").matches;
const place = document.getElementById("graphiql");
if (place !== null) {
  createRoot(place).render(
    <GraphiQL
      fetcher={fetcher}
      plugins={[HISTORY_PLUGIN, explorerPlugin()]}
      defaultTabs={tabs}
      defaultEditorToolsVisibility={isWide}
    />,
  );
}
