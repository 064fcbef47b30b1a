import type { CodegenConfig } from "@graphql-codegen/cli";

/** Types as a client's own build makes them: from the schema file, and from the client's operations. */
const config: CodegenConfig = {
  schema: "../../schema.graphql",
  documents: "*.graphql",
  generates: {
    "generated/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: { scalars: { DateTime: "string", JSON: "Record<string, unknown>" }, strictScalars: true, useTypeImports: true, emitLegacyCommonJSImports: false },
    },
  },
};

export default config;
