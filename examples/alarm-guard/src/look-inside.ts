import {
  type AttentionShare,
  attentionShares,
  type LayerProbe,
  layerProbes,
  meanAttentionShares,
} from "@videosafety/alarm-tokens";
import { openHiddenStates, type PreparedSample, promptParts, type VideoLlm } from "@videosafety/video-llm";

/** What the model's inside says of the alarms. */
export interface InsideView {
  /** Cross-validated probes on each alarm token's state in every layer; layer 0 is the embedding, the same in every sample. */
  readonly probes: { readonly visual: readonly LayerProbe[]; readonly textual: readonly LayerProbe[] };
  /** What each alarm token looks at, by layer and head: mean over samples with a video. */
  readonly attention: readonly AttentionShare[];
}

/** Names of the parts of a prompt that belong to the video. */
export const SIGN_FRAMES = "frames with the sign";
/** The video's other frames. */
export const OTHER_FRAMES = "other frames";

/**
 * Probes every layer on all samples, and reads the attention of the first samples with a video.
 *
 * @param signOf when the sign is shown in a sample's clip, [start, end) seconds: the frames that matter.
 */
export async function lookInside(
  model: VideoLlm,
  samples: readonly PreparedSample[],
  signOf: (index: number) => { readonly startSeconds: number; readonly endSeconds: number } | null,
): Promise<InsideView> {
  const opened = openHiddenStates(model);
  const layers = Array.from({ length: opened.layerCount + 1 }, (_, layer) => layer);
  const probesOf = async (modality: "visual" | "textual"): Promise<LayerProbe[]> => {
    const positions = samples.map(({ prompt }) => [prompt.alarmPositions?.[modality] ?? 0]);
    const states = await opened.hiddenStates(samples, { positions, layers });
    return layerProbes(
      layers.map((layer) => states.get(layer) as Float32Array),
      samples.map(({ labels }) => labels[modality] ?? 0),
    );
  };
  const shares: AttentionShare[][] = [];
  for (const [i, sample] of samples.entries()) {
    const sign = signOf(i);
    const { alarmPositions } = sample.prompt;
    if (sign === null || alarmPositions === null || shares.length === 40) continue;
    const frameName = (time: number): string =>
      time >= sign.startSeconds && time < sign.endSeconds ? SIGN_FRAMES : OTHER_FRAMES;
    const parts = promptParts(sample.prompt, { frameName });
    shares.push(attentionShares(await opened.attentionWeights(sample), alarmPositions, parts));
  }
  const probes = { visual: await probesOf("visual"), textual: await probesOf("textual") };
  await opened.dispose();
  return { probes, attention: meanAttentionShares(shares) };
}

/** Share of an alarm token's attention in the last layer, mean over heads, that goes to some parts. */
export function lastLayerShare(
  attention: readonly AttentionShare[],
  modality: "visual" | "textual",
  parts: readonly string[] = [SIGN_FRAMES, OTHER_FRAMES],
): number {
  const last = Math.max(...attention.map(({ layer }) => layer));
  const own = attention.filter(({ layer }) => layer === last);
  const heads = new Set(own.map(({ head }) => head)).size;
  return own.filter(({ part }) => parts.includes(part)).reduce((sum, s) => sum + s[modality], 0) / heads;
}
