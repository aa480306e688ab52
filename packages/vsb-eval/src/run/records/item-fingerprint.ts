import type { EvalItem } from "@videosafety/safety-data";
import { canonicalJson, type Json, sha256Sync } from "../../content-key.js";

const known = new WeakMap<EvalItem, string>();

/**
 * 16 hexadecimal digits of the SHA-256 of an item: every field counts, its text, labels, policy and media included.
 * Stored with each unit, so that old answers are never scored under new texts or labels.
 */
export function itemFingerprint(item: EvalItem): string {
  let hash = known.get(item);
  if (hash === undefined) {
    hash = sha256Sync(canonicalJson(item as unknown as Json)).slice(0, 16);
    known.set(item, hash);
  }
  return hash;
}
