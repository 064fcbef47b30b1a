import type { CodegenConfig } from "@graphql-codegen/cli";

const client = {
  preset: "client",
  presetConfig: { fragmentMasking: false },
  config: {
    scalars: { DateTime: "string", JSON: "Record<string, unknown>" },
    strictScalars: true,
    useTypeImports: true,
  },
} as const;

/** Generates types and documents from the schema and from the operations beside the components. */
const config: CodegenConfig = {
  schema: "../schema.graphql",
  generates: {
    "src/generated/": { ...client, documents: ["src/**/*.graphql", "!src/desk/*.graphql"] },
    // Apart, so that the documents of the desk are loaded with it only.
    "src/desk/generated/": { ...client, documents: "src/desk/*.graphql" },
  },
};

export default config;
