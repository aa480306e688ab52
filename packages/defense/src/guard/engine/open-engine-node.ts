import { DefenseError } from "../../errors.js";
import { openCheckpoint } from "../../model/open-checkpoint-node.js";
import { createCascadeEngine } from "../cascade/cascade-engine.js";
import { openFrameClassifier } from "../cascade/frame-classifier-node.js";
import type { Cascade } from "../file/cascade-schema.js";
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
  const { calibration, provenance, cascade } = await readGuardFile(settings.guardFile);
  const { sha256, precision } = provenance.checkpoint;
  const { checkpoint, adapter } = settings;
  const { model, hash } = await openCheckpoint(checkpoint, { precision, ...(adapter !== undefined && { adapter }) });
  if (hash !== sha256)
    throw new DefenseError(
      "model-unusable",
      `${checkpoint}: expected the checkpoint that the guard was calibrated with (${sha256.slice(0, 12)}…), found another one (${hash.slice(0, 12)}…): its scores are others; calibrate again`,
    );
  const engine = createLocalEngine(model, calibration, { mode: settings.mode });
  return cascade === null ? withoutFirstTier(engine, settings) : withFirstTier(engine, cascade, settings);
}

function withoutFirstTier(engine: GuardEngine, { firstTier }: EngineSettings): GuardEngine {
  if (firstTier === undefined) return engine;
  throw new DefenseError(
    "usage",
    "--first-tier: expected a guard that was calibrated with a first tier, found one without; calibrate again with it",
  );
}

async function withFirstTier(
  engine: GuardEngine,
  cascade: Cascade,
  { firstTier, mode }: EngineSettings,
): Promise<GuardEngine> {
  const { name, sha256, classifier } = cascade.firstTier;
  if (firstTier === undefined)
    throw new DefenseError(
      "usage",
      `expected the first tier that the guard was calibrated with, ${name}, found none: its promise is on both tiers together; give --first-tier`,
    );
  const opened = await openFrameClassifier(firstTier, classifier);
  if (opened.sha256 !== sha256)
    throw new DefenseError(
      "model-unusable",
      `${firstTier}: expected the first tier that the guard was calibrated with (${sha256.slice(0, 12)}…), found another file (${opened.sha256.slice(0, 12)}…); calibrate again`,
    );
  return createCascadeEngine(engine, opened, cascade, { mode });
}
