/** Operations for relay-compiler. The test uses only what the compiler makes of them, so this file never runs. */

import { graphql } from "relay-runtime";

export const everything = graphql`
  query documentsEverythingQuery {
    viewer {
      id
      tier
      balance {
        id
        credits
        version
      }
      subscription {
        id
        tier
      }
      ledger(first: 10) {
        nodes {
          id
          balanceAfter
        }
      }
      payments(first: 10) {
        nodes {
          id
          credits
        }
      }
    }
    balance {
      id
      credits
      version
    }
  }
`;

export const refetch = graphql`
  query documentsNodeQuery($id: ID!) {
    node(id: $id) {
      __typename
      id
      ... on Balance {
        credits
      }
    }
  }
`;

export const live = graphql`
  subscription documentsLiveSubscription($afterVersion: Int) {
    balanceChanged(afterVersion: $afterVersion) {
      version
      balance {
        id
        credits
        version
      }
    }
  }
`;
