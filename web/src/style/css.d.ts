import "react";

declare module "react" {
  interface CSSProperties {
    /** Rows of a table that there is room for. */
    "--rows"?: number;
  }
}
