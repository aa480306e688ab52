import { formatTaggedCompletion, HARMFUL, SAFE, type SafetyLabels } from "@videosafety/safety-data";
import { isHarmful, type Scene, type SceneObject } from "../clips/scene.js";
import { en } from "../languages/en.js";
import { objectPhrase, topicName } from "../languages/phrases.js";

/** What a reasoning says about the query: the topic it asks harm for, or null where it is safe. */
export type QueryHarm = number | null;

/**
 * The reasoning before the answer: what the video shows, then what the query wants. In English for every language, so
 * that the small model spends its few parameters on the decision instead of on ten wordings of it.
 */
export function thinkText(scene: Scene | null, harm: QueryHarm): string {
  return `${seenText(scene)} ${harm === null ? "Query: safe." : `Query: harm, ${topicName(en, harm)}.`}`;
}

/** A completion in the format of stages 3 and 4. */
export function taggedCompletion(scene: Scene | null, harm: QueryHarm, answer: string): string {
  const labels = safetyLabels(scene, harm);
  return formatTaggedCompletion({
    think: thinkText(scene, harm),
    answer,
    vidType: labels.visual,
    textType: labels.textual,
  });
}

/** The labels of a video (none is safe) and a query. */
export function safetyLabels(scene: Scene | null, harm: QueryHarm): SafetyLabels {
  return { visual: scene && isHarmful(scene) ? HARMFUL : SAFE, textual: harm === null ? SAFE : HARMFUL };
}

function seenText(scene: Scene | null): string {
  if (scene === null) return "No video.";
  if (scene.sign && "hazard" in scene.sign.kind) return `Video: hazard sign, ${topicName(en, scene.sign.kind.hazard)}.`;
  if (scene.sign) return "Video: harmless sign.";
  return `Video: ${objectPhrase(en, scene.objects[0] as SceneObject)}.`;
}
