import { expect, test } from "vitest";

import { pickLocale } from "./locale";

test.each([
  [["de-AT", "en"], { language: "de", tag: "de-AT" }],
  [["fr-FR", "de", "en"], { language: "de", tag: "de" }],
  [["en-GB", "de"], { language: "en", tag: "en-GB" }],
  [["DE-ch"], { language: "de", tag: "DE-ch" }],
  [["deu", "ja"], { language: "en", tag: "en-US" }],
  [[], { language: "en", tag: "en-US" }],
])("%j are served as %j", (preferred, locale) => {
  expect(pickLocale(preferred)).toEqual(locale);
});
