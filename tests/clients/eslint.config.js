import graphql from "@graphql-eslint/eslint-plugin";

const recommended = graphql.configs["flat/schema-recommended"].rules;
const [level, names] = recommended["@graphql-eslint/naming-convention"];

/** The lints of schema.graphql. */
export default [
  {
    files: ["schema.graphql"],
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema: "schema.graphql" } } },
    plugins: { "@graphql-eslint": graphql },
    rules: {
      ...recommended,
      "@graphql-eslint/require-description": [
        "error",
        {
          types: true,
          rootField: true,
          FieldDefinition: true,
          InputValueDefinition: true,
          EnumValueDefinition: true,
          DirectiveDefinition: true,
          // Those of GraphQL itself.
          ignoredSelectors: ["[type=InputValueDefinition][parent.type=DirectiveDefinition]"],
        },
      ],
      "@graphql-eslint/input-name": ["error", { checkInputType: true, caseSensitiveInputType: false }],
      "@graphql-eslint/no-scalar-result-type-on-mutation": "error",
      "@graphql-eslint/relay-connection-types": "error",
      "@graphql-eslint/relay-page-info": "error",
      // A connection has `nodes` too, and nothing is found by a global id.
      "@graphql-eslint/relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false }],
      // `subscriptionChanged` tells of a plan's subscription.
      "@graphql-eslint/naming-convention": [level, { ...names, "FieldDefinition[parent.name.value=Subscription]": {} }],
      "@graphql-eslint/no-typename-prefix": "off",
      // Only what a cache may keep has an id: a price, a quote and an outcome have none.
      "@graphql-eslint/strict-id-in-types": "off",
    },
  },
];
