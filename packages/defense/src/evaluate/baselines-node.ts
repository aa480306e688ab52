import { createHash } from "node:crypto";
import { sampleFrames } from "@videosafety/video-sampler";
import type { Responder } from "@videosafety/vsb-eval";
import {
  createDecisionResponder,
  type Decision,
  featureDecision,
  frameFeatures,
  type LabelledFeatures,
  type LabelledText,
  meanOfTokens,
  wordDecisions,
} from "@videosafety/vsb-eval/baselines";
import { type FeatureStore, IMAGE_PLAN, type MediaInput } from "../features/feature-store-node.js";
import { itemFingerprint, type TrainingItem } from "../records/training-item.js";

/** Most clips that the readers of frames learn from: a reader of a few hundred numbers learns no more from ten times as many, and clips take long to decode. */
export const READER_CLIPS = 1000;

/** The query of an item and its label, where it has one. */
function labelledQuery(item: TrainingItem): LabelledText[] {
  if (item.labels === null) return [];
  const last = item.kind === "sft" ? item.messages.at(-1)?.content : undefined;
  const text =
    item.kind === "grpo" ? item.question : (last ?? []).map((part) => (part.type === "text" ? part.text : "")).join("");
  return [{ text, label: item.labels.textual }];
}

/** What an item shows and the label of its query; one row per clip and label, since records repeat clips. */
function labelledMedia(items: readonly TrainingItem[]): (MediaInput & { readonly label: 0 | 1 })[] {
  const rows = new Map<string, MediaInput & { readonly label: 0 | 1 }>();
  for (const { labels, media } of items) {
    const [shown, second] = media;
    if (labels === null || shown === undefined || second !== undefined) continue;
    const { kind, path } = shown;
    rows.set(`${labels.textual}\0${path}`, { kind, path, label: labels.textual });
  }
  const all = [...rows.values()];
  const step = Math.max(1, all.length / READER_CLIPS);
  return all.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step));
}

/**
 * Readers that are no models, for rows of the same table: those of words and of frames where the training items hold both labels. Two read what is
 * shown: the mean colours of the frames, and the mean of the base's visual embeddings.
 *
 * @param features of the base, before any stage; its vision encoder's weights, or where they are frozen its cache, make the second reader
 * @throws what decoding and encoding a training clip throw
 */
export async function baselineResponders(
  items: readonly TrainingItem[],
  features: FeatureStore,
  base: string,
  signal: AbortSignal,
): Promise<Map<string, Responder>> {
  const decisions = wordDecisions(items.flatMap(labelledQuery));
  const media = labelledMedia(items);
  if (new Set(media.map(({ label }) => label)).size === 2)
    for (const [name, decision] of await frameReaders(media, features, signal)) decisions.set(name, decision);
  // What was learned is part of the key that answers are stored under.
  const learned = createHash("sha256").update(JSON.stringify([base, items.map(itemFingerprint)]));
  const version = learned.digest("hex").slice(0, 16);
  return new Map(
    Array.from(decisions, ([name, refuses]) => [
      name,
      createDecisionResponder(`videosafety/${name}@${version}`, refuses),
    ]),
  );
}

async function frameReaders(
  media: ReturnType<typeof labelledMedia>,
  features: FeatureStore,
  signal: AbortSignal,
): Promise<[string, Decision][]> {
  const { model, plan } = features;
  const colours: LabelledFeatures[] = [];
  const embeddings: LabelledFeatures[] = [];
  for (const { label, ...file } of media) {
    const frames = await sampleFrames(file.path, file.kind === "image" ? IMAGE_PLAN : plan, { signal });
    colours.push({ features: frameFeatures(frames), label });
    const visual = await features.ofFile(file, { signal });
    embeddings.push({ features: meanOfTokens(await model.visualEmbeddings(visual), visual.keptTokens.length), label });
  }
  return [
    ["frames: logistic regression", featureDecision(colours, frameFeatures)],
    [
      "vision encoder: logistic regression",
      featureDecision(embeddings, async (frames) => {
        const visual = await features.ofVideo(frames, { signal });
        return meanOfTokens(await model.visualEmbeddings(visual), visual.keptTokens.length);
      }),
    ],
  ];
}
