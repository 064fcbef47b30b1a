import type { FeatureCode } from "../generated/graphql";

/** The names of the features of plans in English. */
export const featuresEn: Record<FeatureCode, string> = {
  DEMO_PATCHBOOKS: "Demo PatchBooks",
  FREE_EXPORTS: "Free patch and rack exports",
  COMMUNITY: "Community features",
  MODULE_LIBRARY: "Module library access",
  PATCH_FINGERPRINT: "Patch fingerprint",
  STABILITY_ENVELOPE: "Stability envelope",
  TROUBLESHOOTING_TREE: "Troubleshooting tree",
  PERFORMANCE_MACROS: "Performance macros",
  PATCH_VARIANTS: "Patch variants",
  GOLDEN_RACK_ARRANGEMENT: "Golden rack arrangement",
  COMPATIBILITY_REPORT: "Compatibility report",
  LEARNING_PATH: "Learning path",
  RACK_FIT_SCORE: "Rack fit score",
  UNLIMITED_EXPORTS: "Unlimited PatchBook exports",
  PRIORITY_SUPPORT: "Priority support",
  COMMERCIAL_LICENSE: "Commercial license",
};

/** The names of the features of plans in German. */
export const featuresDe: Record<FeatureCode, string> = {
  DEMO_PATCHBOOKS: "Demo-PatchBooks",
  FREE_EXPORTS: "Kostenlose Patch- und Rack-Exporte",
  COMMUNITY: "Community-Funktionen",
  MODULE_LIBRARY: "Zugriff auf die Modulbibliothek",
  PATCH_FINGERPRINT: "Patch-Fingerabdruck",
  STABILITY_ENVELOPE: "Stabilitätshüllkurve",
  TROUBLESHOOTING_TREE: "Fehlersuchbaum",
  PERFORMANCE_MACROS: "Performance-Makros",
  PATCH_VARIANTS: "Patch-Varianten",
  GOLDEN_RACK_ARRANGEMENT: "Goldene Rack-Anordnung",
  COMPATIBILITY_REPORT: "Kompatibilitätsbericht",
  LEARNING_PATH: "Lernpfad",
  RACK_FIT_SCORE: "Rack-Fit-Wert",
  UNLIMITED_EXPORTS: "Unbegrenzte PatchBook-Exporte",
  PRIORITY_SUPPORT: "Bevorzugter Support",
  COMMERCIAL_LICENSE: "Kommerzielle Lizenz",
};
