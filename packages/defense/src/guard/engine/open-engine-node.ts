import { loadVideoLlm } from "@videosafety/video-llm";
import { DefenseError } from "../../errors.js";
import { checkpointHash } from "../file/checkpoint-hash-node.js";
import { readGuardFile } from "../file/guard-file-node.js";
import type { EngineSettings } from "./engine-protocol.js";
import type { GuardEngine } from "./guard-engine.js";
import { createLocalEngine } from "./local-engine.js";

/**
 * Loads a guard: the checkpoint, checked against the one that the guard file was made with.
 *
 * @throws DefenseError `model-unusable` for another checkpoint; whatever loading throws
 */
export async function openEngine(settings: EngineSettings): Promise<GuardEngine> {
  const file = await readGuardFile(settings.guardFile);
  const { checkpoint } = file.provenance;
  const precision = settings.precision ?? checkpoint.precision;
  if (precision !== checkpoint.precision)
    throw new DefenseError(
      "model-unusable",
      `expected the precision that the guard was calibrated with, ${checkpoint.precision}, found ${precision}: its scores are others; calibrate again`,
    );
  const { sha256 } = await checkpointHash(settings.checkpoint);
  if (sha256 !== checkpoint.sha256)
    throw new DefenseError(
      "model-unusable",
      `expected the checkpoint that the guard was calibrated with (${checkpoint.sha256.slice(0, 12)}…), found ${sha256.slice(0, 12)}… in ${settings.checkpoint}: calibrate again`,
    );
  const model = await loadVideoLlm(settings.checkpoint, { precision });
  return createLocalEngine(model, file.calibration, { mode: settings.mode });
}
