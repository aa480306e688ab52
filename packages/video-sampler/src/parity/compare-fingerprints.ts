import { z } from "zod";
import { InvalidPlanError } from "../errors.js";
import { type Fingerprint, fingerprintSchema } from "./fingerprint.js";

/** How far two loaders may differ. */
export interface ParityTolerances {
  /** Seconds between the times of one frame. Default 0.001. */
  readonly seconds?: number;
  /**
   * Grey levels between the mean colours of one block of a frame. Default 0: bytes must be equal. Two resizes of the same frame differ by
   * less than 1, other frames by far more.
   */
  readonly greyLevels?: number;
  /** Between values of a tensor. Default 1e-4; normalised pixels differ by 0.008 per grey level. */
  readonly tensorValues?: number;
}

/** One thing in which two fingerprints differ. */
export interface ParityDifference {
  /** What: `frames`, `times`, `pixels`, `sampledFrameRate`, `tensor NAME`, `promptIds`. */
  readonly what: string;
  /** Expected, found, and where first. */
  readonly detail: string;
}

/**
 * Reads a fingerprint, strictly.
 * @throws InvalidPlanError naming what is wrong with it
 */
export function readFingerprint(value: unknown, name: string): Fingerprint {
  const result = fingerprintSchema.safeParse(value);
  if (!result.success)
    throw new InvalidPlanError(`${name} is no fingerprint (video-fingerprint/1):\n${z.prettifyError(result.error)}`);
  const { frames, timesSeconds, pixelsSha256, blockMeans } = result.data;
  if ([timesSeconds, pixelsSha256, blockMeans].some(({ length }) => length !== frames[0]))
    throw new InvalidPlanError(`${name}: times, hashes and block means must be one per frame (${frames[0]}).`);
  return result.data;
}

/**
 * What differs between two loaders' views of one video. What only one of them says (tensors, prompt ids) is a difference too: an unchecked
 * part must not pass for an equal one.
 * @returns empty when they agree
 */
export function compareFingerprints(
  a: Fingerprint,
  b: Fingerprint,
  tolerances: ParityTolerances = {},
): ParityDifference[] {
  const { seconds = 1e-3, greyLevels = 0, tensorValues = 1e-4 } = tolerances;
  const differences: ParityDifference[] = [];
  const differ = (what: string, detail: string) => differences.push({ what, detail });
  const [first, second] = [a.loader, b.loader];
  if (a.frames.join() !== b.frames.join())
    differ("frames", `${first}: [${a.frames.join(", ")}], ${second}: [${b.frames.join(", ")}] (count, height, width)`);
  const count = Math.min(a.frames[0], b.frames[0]);
  const times = mostDifferent(a.timesSeconds.slice(0, count), b.timesSeconds.slice(0, count));
  if (times !== null && !(times.by <= seconds))
    differ("times", `frame ${times.at}: ${a.timesSeconds[times.at]} s and ${b.timesSeconds[times.at]} s`);
  if (a.frames[1] === b.frames[1] && a.frames[2] === b.frames[2]) {
    const others = range(count).filter((t) => a.pixelsSha256[t] !== b.pixelsSha256[t]);
    const far = others.map((t) => ({
      t,
      by: mostDifferent(a.blockMeans[t] as number[], b.blockMeans[t] as number[])?.by ?? 0,
    }));
    const worst = far.reduce((most, one) => (one.by > most.by ? one : most), { t: others[0] ?? 0, by: 0 });
    if (others.length > 0 && (greyLevels === 0 || worst.by > greyLevels))
      differ(
        "pixels",
        `${others.length} of ${count} frames have other bytes; most in frame ${worst.t}, by up to ${worst.by.toFixed(2)} grey levels in a block's mean`,
      );
  }
  if (
    a.sampledFrameRate !== null &&
    b.sampledFrameRate !== null &&
    Math.abs(a.sampledFrameRate / b.sampledFrameRate - 1) > 1e-3
  )
    differ("sampledFrameRate", `${a.sampledFrameRate} and ${b.sampledFrameRate} per second`);
  for (const name of new Set([...Object.keys(a.tensors), ...Object.keys(b.tensors)])) {
    const [one, other] = [a.tensors[name], b.tensors[name]];
    const what = `tensor ${name}`;
    if (one === undefined || other === undefined) differ(what, `only ${one === undefined ? second : first} has it`);
    else if (one.dims.join() !== other.dims.join())
      differ(what, `[${one.dims.join(", ")}] and [${other.dims.join(", ")}]`);
    else {
      const worst = mostDifferent(one.values, other.values);
      if (worst !== null && !(worst.by <= tensorValues))
        differ(what, `probe ${worst.at}: ${one.values[worst.at]} and ${other.values[worst.at]}`);
    }
  }
  if ((a.promptIds === null) !== (b.promptIds === null))
    differ("promptIds", `only ${a.promptIds === null ? second : first} has them`);
  else if (a.promptIds !== null && b.promptIds !== null && a.promptIds.join() !== b.promptIds.join()) {
    const at = a.promptIds.findIndex((id, i) => id !== b.promptIds?.[i]);
    const place = at === -1 ? a.promptIds.length : at;
    differ(
      "promptIds",
      `${a.promptIds.length} and ${b.promptIds.length} ids, first other at ${place}: ${a.promptIds[place] ?? "none"} and ${b.promptIds[place] ?? "none"}`,
    );
  }
  return differences;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** Where two lists differ most; a missing or non-finite value differs by NaN, which is within no tolerance. */
function mostDifferent(
  a: readonly number[],
  b: readonly number[],
): { readonly at: number; readonly by: number } | null {
  let worst: { at: number; by: number } | null = null;
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const by = Math.abs((a[at] ?? Number.NaN) - (b[at] ?? Number.NaN));
    if (Number.isNaN(by)) return { at, by };
    if (worst === null || by > worst.by) worst = { at, by };
  }
  return worst;
}
