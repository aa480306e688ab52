import { DefenseError } from "../../errors.js";
import { openCheckpoint } from "../../model/open-checkpoint-node.js";
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
  const { calibration, provenance } = await readGuardFile(settings.guardFile);
  const { sha256, precision } = provenance.checkpoint;
  const { checkpoint, adapter } = settings;
  const { model, hash } = await openCheckpoint(checkpoint, { precision, ...(adapter !== undefined && { adapter }) });
  if (hash !== sha256)
    throw new DefenseError(
      "model-unusable",
      `${checkpoint}: expected the checkpoint that the guard was calibrated with (${sha256.slice(0, 12)}…), found another one (${hash.slice(0, 12)}…): its scores are others; calibrate again`,
    );
  return createLocalEngine(model, calibration, { mode: settings.mode });
}
