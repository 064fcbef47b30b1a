/** A PatchBook to try the export with. */
export interface PatchBook {
  runId: string;
  name: string;
}

export const PATCHBOOKS: readonly [PatchBook, ...PatchBook[]] = [
  { runId: "demo-drifting-fifths", name: "Drifting fifths" },
  { runId: "demo-basement-techno", name: "Basement techno" },
  { runId: "demo-rain-on-tin", name: "Rain on tin" },
];

/** What a run is of, for people. */
export function title(runId: string): string {
  return PATCHBOOKS.find((patchbook) => patchbook.runId === runId)?.name ?? runId;
}
