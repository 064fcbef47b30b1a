/** A sample PatchBook for trying the export. */
export interface PatchBook {
  runId: string;
  name: string;
}

export const PATCHBOOKS: readonly [PatchBook, ...PatchBook[]] = [
  { runId: "demo-drifting-fifths", name: "Drifting fifths" },
  { runId: "demo-basement-techno", name: "Basement techno" },
  { runId: "demo-rain-on-tin", name: "Rain on tin" },
];

/** The name of the PatchBook of a run, or the run's id where it is not a sample. */
export function title(runId: string): string {
  return PATCHBOOKS.find((patchbook) => patchbook.runId === runId)?.name ?? runId;
}
