import type { Tier } from "../generated/graphql";

/** The cable from a plan's OUT to the IN of the next plan, which includes it. */
export function Patch({ from }: { from: Tier }) {
  if (from === "STUDIO") return null;
  const path = "M14 14C20 62 100 62 106 14";
  return (
    <svg className={`patch patch-${from.toLowerCase()}`} viewBox="0 0 120 70" aria-hidden="true">
      <path className="patch-shade" d={path} transform="translate(0 6)" />
      <path className="patch-cable" d={path} />
      <circle className="patch-plug" cx="14" cy="14" r="8" />
      <circle className="patch-plug" cx="106" cy="14" r="8" />
    </svg>
  );
}
