/** A value of a table. Numbers are written as they are. */
export type Cell = string | number;

/** Writes rows as CSV by RFC 4180: lines end with CRLF, and texts with a comma, a quote or a line break are quoted. */
export function csv(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => `${row.map(field).join(",")}\r\n`).join("");
}

function field(cell: Cell): string {
  if (typeof cell === "number") return String(cell);
  const safe = harmless(cell);
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A spreadsheet runs a text that begins like a formula. An apostrophe makes it a text. */
function harmless(text: string): string {
  return /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
}
