import type { DriftReading } from "@videosafety/alarm-tokens";
import { describePromise, type GuardFile } from "../file/guard-file.js";
import type { LiveRecord } from "./live-record.js";
import type { ProxyOptions } from "./proxy-options.js";

/** What `GET /v1/guard` says: the promise, what it was calibrated on, whether it still holds, and what the proxy does. */
export function guardStatement(parts: {
  readonly file: GuardFile;
  readonly options: ProxyOptions;
  readonly drift: DriftReading;
  readonly live: LiveRecord;
  readonly ready: boolean;
}): object {
  const { file, options, drift, live, ready } = parts;
  const { calibration, provenance, cascade } = file;
  const { targetFrr, confidence, count, threshold } = (cascade ?? calibration).refusal;
  const { data } = provenance;
  const uncalibrated = [
    ...(data.videos === 0 ? ["videos"] : []),
    ...(data.pictures === 0 ? ["pictures"] : []),
    ...(data.textOnly === 0 ? ["turns with no video in view"] : []),
  ];
  return {
    promise: describePromise(file),
    holds: drift.drifted
      ? "no: the drift alarm is raised, live scores differ from the calibration's; calibrate again"
      : "for requests like the calibration's items, as far as the drift test can tell",
    target_false_refusal_rate: targetFrr,
    confidence,
    counts: `${calibration.unit === undefined || calibration.unit === "input" ? "user turns" : `${calibration.unit}s`}`,
    safe_calibration_items: count,
    alarm_above: threshold,
    refuse_on: calibration.refuseOn,
    not_calibrated_on: uncalibrated,
    calibrated_on: provenance,
    cascade,
    drift: {
      observed: drift.observed,
      log_evidence: drift.logEvidence,
      alarm_at_log_evidence: -Math.log(options.driftFalseAlarmRate),
      false_alarm_rate: options.driftFalseAlarmRate,
      drifted: drift.drifted,
      exhausted: drift.exhausted,
      compares: "the scores of all assessed turns with those of the calibration's safe items",
      sensitivity: file.drift,
    },
    mode: options.mode,
    on_failure: options.onFailure,
    turns: options.turns,
    text_only: options.textOnly,
    other_routes: options.otherRoutes,
    ready,
    requests: live.counts,
  };
}
