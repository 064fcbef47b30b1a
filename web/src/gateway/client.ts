import { Client, cacheExchange, fetchExchange } from "urql";

/** Asks the gateway that served the page. */
export const client = new Client({ url: "/graphql", exchanges: [cacheExchange, fetchExchange], preferGetMethod: false });
