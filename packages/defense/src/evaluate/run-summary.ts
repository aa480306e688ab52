import { type EvaluatedRun, mainArm, refusedOf, safeOf } from "@videosafety/vsb-eval";

/** A run's answers in a line: defended in HH and SH, refused in SafeQ, in the run's main arm, and HH in its second arm. */
export function runSummary({ arms, units }: EvaluatedRun): string {
  const main = mainArm(arms);
  const other = arms.find((arm) => arm !== main);
  const share = (subset: "HH" | "SH" | "SafeQ", arm: string | null): string => {
    const judged = units
      .filter((unit) => unit.item.subset === subset && unit.arm === arm)
      .flatMap((unit) => (subset === "SafeQ" ? refusedOf(unit) : safeOf(unit)) ?? []);
    if (judged.length === 0) return "-";
    return `${((100 * judged.reduce<number>((sum, one) => sum + one, 0)) / judged.length).toFixed(1)} %`;
  };
  const hh = other === undefined ? share("HH", main) : `${share("HH", main)} (${other} ${share("HH", other)})`;
  return `defended HH ${hh}, SH ${share("SH", main)}; refused SafeQ ${share("SafeQ", main)}`;
}
