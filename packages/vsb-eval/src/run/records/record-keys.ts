import type { EvalItem } from "@videosafety/safety-data";
import type { Arm } from "../../arms/arm.js";
import { armParameters } from "../../arms/arm-frames.js";
import { contentKey, type Json } from "../../content-key.js";
import type { GenerationOptions } from "../responder.js";

/** What decides an answer apart from the unit: the same for a whole run. */
export interface RunConfiguration {
  /** `Responder.id`. */
  readonly responder: string;
  /** Generation parameters. */
  readonly generation: GenerationOptions;
  /** `FrameSource.parameters`. */
  readonly sampling: Json;
}

const runJson = ({ responder, generation, sampling }: RunConfiguration): Json => ({
  responder,
  generation: { ...generation },
  sampling,
});

/** A run's id: 16 hexadecimal digits of the hash of its configuration. */
export async function runId(configuration: RunConfiguration): Promise<string> {
  return (await contentKey(runJson(configuration))).slice(0, 16);
}

/**
 * A response's address: SHA-256 over model, generation, sampler, the messages, the media's hash, what the arm does to
 * the pixels, and the epoch. Not over addresses, retries or concurrency.
 *
 * @param media SHA-256 of the media file; null in the text arm.
 * @param attacked what attacks made of the item, `query` apart; left out without attacks
 */
export function responseKey(
  configuration: RunConfiguration,
  item: EvalItem,
  arm: Arm,
  epoch: number,
  media: string | null,
  attacked?: Json,
): Promise<string> {
  return contentKey({
    run: runJson(configuration),
    messages: [{ role: "user", content: item.query }],
    media,
    arm: arm.kind === "text" ? null : armParameters(arm, item),
    epoch,
    ...(attacked === undefined ? {} : { attacked }),
  });
}

/** A verdict's address: SHA-256 over the judge (with its prompt's hash), what was asked, the policy and the answer. */
export function verdictKey(judge: string, item: EvalItem, answer: string): Promise<string> {
  const { subset, query, language, category, subcategory, policy } = item;
  return contentKey({ judge, subset, query, language, category, subcategory, policy: policy ?? null, answer });
}
