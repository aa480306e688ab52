import { dirname, join, resolve } from "node:path";
import type { SampleLabels } from "@videosafety/alarm-tokens";
import { evalItemSchema, sftRecordSchema, sftSampleFromRecord } from "@videosafety/safety-data";
import { readJsonl } from "@videosafety/safety-data/node";
import type { PreparedSample, VideoLlm } from "@videosafety/video-llm";
import { type SampledVideo, sampleFrames } from "@videosafety/video-sampler";

/** How clips become frames. */
export interface ItemSampling {
  readonly fps: number;
  readonly maxFrames: number;
}

/** A query with its video and labels. */
export interface LabelledItem {
  readonly query: string;
  /** Path of the video; null for text alone. */
  readonly video: string | null;
  readonly labels: SampleLabels & { readonly visual: 0 | 1; readonly textual: 0 | 1 };
}

/** Evaluation items of a JSON Lines file; videos are relative to it. */
export async function readItems(file: string): Promise<LabelledItem[]> {
  const items: LabelledItem[] = [];
  for await (const { query, video, labels } of readJsonl(file, { schema: evalItemSchema }))
    items.push({ query, video: video && resolve(dirname(file), video.path), labels });
  return items;
}

/** The first user turns of training records in the authors' format. */
export async function readTrainingRecords(file: string, mediaRoot: string): Promise<LabelledItem[]> {
  const items: LabelledItem[] = [];
  for await (const record of readJsonl(file, { schema: sftRecordSchema })) {
    const { media, messages, labels } = sftSampleFromRecord(record);
    const query = messages.find(({ role }) => role === "user")?.content.replace(/<video>|<image>/g, "") ?? "";
    items.push({ query, video: media && join(mediaRoot, media.paths[0] as string), labels });
  }
  return items;
}

/** Sampled clips, each read once. */
export class Clips {
  readonly #byPath = new Map<string, Promise<SampledVideo>>();

  constructor(readonly sampling: ItemSampling) {}

  of(path: string): Promise<SampledVideo> {
    let clip = this.#byPath.get(path);
    if (clip === undefined) {
      clip = sampleFrames(path, { type: "videollama3-reference", ...this.sampling });
      this.#byPath.set(path, clip);
    }
    return clip;
  }
}

/** Items as a model takes them. */
export async function prepareItems(
  model: VideoLlm,
  items: readonly LabelledItem[],
  clips: Clips,
  alarmTokens = true,
): Promise<PreparedSample[]> {
  const features = new Map<string, ReturnType<VideoLlm["encodeVideo"]>>();
  const samples: PreparedSample[] = [];
  for (const { query, video, labels } of items) {
    if (video !== null && !features.has(video))
      features.set(video, model.encodeVideo(await clips.of(video), { lazy: true }));
    const visual = video === null ? null : await (features.get(video) as ReturnType<VideoLlm["encodeVideo"]>);
    const prompt = model.preparePrompt({ messages: [{ role: "user", content: query }], visual, alarmTokens });
    samples.push(model.prepareSample({ prompt, labels }));
  }
  return samples;
}
