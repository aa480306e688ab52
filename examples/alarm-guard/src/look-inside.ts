import { alarmAttention, type LayerProbe, layerProbes } from "@videosafety/alarm-tokens";
import { openHiddenStates, type PreparedSample, type VideoLlm } from "@videosafety/video-llm";

/** What the model's inside says of the alarms. */
export interface InsideView {
  /** Cross-validated probes on each alarm token's state in every layer; layer 0 is the embedding, the same in every sample. */
  readonly probes: { readonly visual: readonly LayerProbe[]; readonly textual: readonly LayerProbe[] };
  /** Share of each alarm token's attention in the last layer that goes to visual tokens, mean over samples with a video. */
  readonly toVideo: { readonly visual: number; readonly textual: number };
}

/** Probes every layer on all samples, and reads the attention of the first few. */
export async function lookInside(model: VideoLlm, samples: readonly PreparedSample[]): Promise<InsideView> {
  const opened = openHiddenStates(model);
  const layers = Array.from({ length: opened.layerCount + 1 }, (_, layer) => layer);
  const probesOf = async (modality: "visual" | "textual"): Promise<LayerProbe[]> => {
    const positions = samples.map(({ prompt }) => [prompt.alarmPositions?.[modality] ?? 0]);
    const states = await opened.hiddenStates(samples, { positions, layers });
    return layerProbes(
      layers.map((layer) => states.get(layer) as Float32Array),
      samples.map(({ labels }) => labels[modality]),
    );
  };
  const toVideo = { visual: 0, textual: 0 };
  const shown = samples.filter(({ prompt }) => prompt.visualPositions.length > 0).slice(0, 20);
  for (const sample of shown) {
    const { alarmPositions, visualPositions } = sample.prompt;
    const last = (await opened.attentionWeights(sample)).at(-1);
    if (alarmPositions === null || last === undefined) continue;
    const frames = Array.from(visualPositions, (start) => ({ name: "video", start, end: start + 1 }));
    for (const { fromAlarm } of alarmAttention(last, alarmPositions, frames)) {
      toVideo.visual += fromAlarm.visual / shown.length;
      toVideo.textual += fromAlarm.textual / shown.length;
    }
  }
  const probes = { visual: await probesOf("visual"), textual: await probesOf("textual") };
  await opened.dispose();
  return { probes, toVideo };
}
