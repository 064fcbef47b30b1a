import "react";

declare module "react" {
  interface CSSProperties {
    /** Rows that a table has room for. */
    "--rows"?: number;
  }
}
