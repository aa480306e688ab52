import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import {
  createDriftMonitor,
  type DriftMonitor,
  type DriftReading,
  resumeDriftMonitor,
} from "@videosafety/alarm-tokens";
import { replaceFile } from "@videosafety/safety-data/node";
import { DefenseError } from "../../errors.js";
import type { ProxyOptions } from "./proxy-options.js";

/** Tests live scores against those of the calibration, and keeps the test over restarts. */
export interface DriftWatch {
  observe(score: number): DriftReading;
  reading(): DriftReading;
  /** The evidence's logarithm after some of the scores, at most 200 of them, evenly: for a chart. */
  readonly history: readonly (readonly [observed: number, logEvidence: number])[];
  /** Writes the test's state, when there is a file and something to write. */
  save(): Promise<void>;
}

/**
 * Starts a drift test, or goes on with the one of the state file. After `kill -9` at most the scores since the last save are lost, which makes the
 * test later, never wrong: what it has seen stays exchangeable.
 *
 * @param calibrationScores scores of the safe items that the guard was calibrated with
 * @throws DefenseError `invalid-input` for the state of another calibration or a damaged file
 */
export async function openDriftWatch(
  calibrationScores: readonly number[],
  options: Pick<ProxyOptions, "driftFalseAlarmRate" | "driftMaximumScores" | "stateFile">,
): Promise<DriftWatch> {
  const { driftFalseAlarmRate: falseAlarmRate, driftMaximumScores: maximumScores, stateFile } = options;
  const calibration = createHash("sha256")
    .update(JSON.stringify([calibrationScores, falseAlarmRate, maximumScores]))
    .digest("hex");
  const stored = stateFile === null ? null : await readState(stateFile, calibration);
  const monitor: DriftMonitor = stored ?? createDriftMonitor(calibrationScores, { falseAlarmRate, maximumScores });
  let saved = monitor.reading().observed;
  let saving: Promise<void> = Promise.resolve();
  let history: [number, number][] = [];
  let stride = 1;
  return {
    observe(score) {
      const reading = monitor.observe(score);
      if (reading.observed % stride === 0) history.push([reading.observed, reading.logEvidence]);
      if (history.length > 200) {
        stride *= 2;
        history = history.filter(([observed]) => observed % stride === 0);
      }
      return reading;
    },
    reading: () => monitor.reading(),
    get history() {
      return history;
    },
    save() {
      saving = saving.then(async () => {
        const { observed } = monitor.reading();
        if (stateFile === null || observed === saved) return;
        await replaceFile(
          stateFile,
          `${JSON.stringify({ format: "videosafety-guard-state-1", calibration, drift: monitor.state() })}\n`,
        );
        saved = observed;
      });
      return saving;
    },
  };
}

async function readState(path: string, calibration: string): Promise<DriftMonitor | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  const mend = "move the file away to start a new test";
  try {
    const state = JSON.parse(text) as { format?: unknown; calibration?: unknown; drift?: unknown };
    if (state.format !== "videosafety-guard-state-1") throw new Error("another format");
    if (state.calibration !== calibration)
      throw new DefenseError(
        "invalid-input",
        `${path}: expected the drift test of this calibration and these settings, found another one's; ${mend}`,
      );
    return resumeDriftMonitor(state.drift);
  } catch (cause) {
    if (cause instanceof DefenseError) throw cause;
    throw new DefenseError(
      "invalid-input",
      `${path}: expected the state of a drift test, found what cannot be read; ${mend}`,
      { cause },
    );
  }
}
