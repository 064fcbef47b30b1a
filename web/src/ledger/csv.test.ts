import { expect, test } from "vitest";

import { csv } from "./csv";

test("texts are quoted where they have to be, and lines end with CRLF", () => {
  const rows = [
    ["plain", "with, comma", 'with "quotes"', "two\nlines", ""],
    [1, -3, 0, "ä", " "],
  ];
  expect(csv(rows)).toBe('plain,"with, comma","with ""quotes""","two\nlines",\r\n1,-3,0,ä, \r\n');
});

test("no text is run as a formula", () => {
  for (const text of ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"]) {
    expect(csv([[text]])).toMatch(/^"?'/);
  }
  expect(csv([["=a,b"]])).toBe('"\'=a,b"\r\n');
  expect(csv([["a=b"]])).toBe("a=b\r\n");
});
