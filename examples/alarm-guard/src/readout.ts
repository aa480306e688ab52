import { atcHeadOf, fitHarmReadout, type HarmReadout, hiddenStateGuardModel } from "@videosafety/alarm-tokens";
import { openHiddenStates, type PreparedSample, type VideoLlm } from "@videosafety/video-llm";
import { type AlarmReadings, readAlarms } from "./alarm-readings.js";

/** Where the readout looks: at the textual alarm, and at the prompt's last token, from which the answer starts. */
function readPlaces({ prompt }: PreparedSample): number[] {
  return [alarmPlaces(prompt).textual, prompt.tokenIds.length - 1];
}

function alarmPlaces({ alarmPositions }: PreparedSample["prompt"]) {
  if (alarmPositions === null) throw new Error("expected a prompt with alarm tokens, found one without");
  return alarmPositions;
}

/** Fits a readout of query harm on training samples and reads others with it, in place of the textual head. */
export async function readWithReadout(
  model: VideoLlm,
  training: readonly PreparedSample[],
  samples: readonly PreparedSample[],
): Promise<{ readout: HarmReadout; readings: AlarmReadings }> {
  const opened = openHiddenStates(model);
  const labelOf = ({ labels }: PreparedSample): 0 | 1 => labels.textual ?? 0;
  const readout = await fitHarmReadout(opened, training, { labelOf, placesOf: readPlaces });
  const heads = { visual: atcHeadOf(model.tensors, "visual_tokens_cls"), textual: readout };
  const placesOf = (sample: PreparedSample) => ({ ...alarmPlaces(sample.prompt), read: readPlaces(sample) });
  const readings = await readAlarms(hiddenStateGuardModel(opened, { heads, placesOf }), samples);
  await opened.dispose();
  return { readout, readings };
}
