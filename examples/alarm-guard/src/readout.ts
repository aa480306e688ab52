import { fitHarmReadout, type HarmReadout, type ReadoutPlaces } from "@videosafety/alarm-tokens";
import { openHiddenStates, type PreparedSample, type VideoLlm } from "@videosafety/video-llm";

/** Where the readout looks: at the textual alarm, and at the prompt's last token, from which the answer starts. */
export function readoutPlaces({ prompt }: PreparedSample): ReadoutPlaces {
  const { alarmPositions, tokenIds } = prompt;
  if (alarmPositions === null) throw new Error("expected a prompt with alarm tokens, found one without");
  return { visualAlarm: alarmPositions.visual, read: [alarmPositions.textual, tokenIds.length - 1] };
}

/** A readout of query harm, fitted on training samples. */
export async function fitReadout(model: VideoLlm, samples: readonly PreparedSample[]): Promise<HarmReadout> {
  const opened = openHiddenStates(model);
  const labelOf = ({ labels }: PreparedSample): 0 | 1 => labels.textual;
  const readout = await fitHarmReadout(opened, samples, { labelOf, placesOf: readoutPlaces });
  await opened.dispose();
  return readout;
}
