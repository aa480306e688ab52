import { createDriftMonitor, type DriftMonitorOptions } from "@videosafety/alarm-tokens";
import { createRng } from "@videosafety/random";
import type { GuardFile } from "../file/guard-file.js";

/**
 * How fast the drift test finds a change, by simulation: live scores are drawn from the calibration's and raised by one standard deviation.
 *
 * @param scores of the calibration's safe items
 */
export function driftPower(
  scores: readonly number[],
  options: DriftMonitorOptions = {},
  { runs = 200, requests = 2000 } = {},
): GuardFile["drift"] {
  const mean = scores.reduce((a, b) => a + b, 0) / scores.length;
  const deviation = Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length);
  const delays: number[] = [];
  for (let run = 0; run < runs; run++) {
    const rng = createRng(run + 1);
    const monitor = createDriftMonitor(scores, { ...options, seed: run });
    for (let i = 1; i <= requests; i++) {
      if (!monitor.observe((scores[rng.integer(scores.length)] as number) + deviation).drifted) continue;
      delays.push(i);
      break;
    }
  }
  const sorted = [...delays, ...new Array<number>(runs - delays.length).fill(requests)].sort((a, b) => a - b);
  return {
    shift: "a rise of all scores by one standard deviation",
    within: sorted[Math.ceil(0.95 * runs) - 1] as number,
    runs,
    found: delays.length,
    requests,
  };
}
