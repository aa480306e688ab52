import type { PromptPart } from "@videosafety/alarm-tokens";
import type { PreparedPrompt } from "./prompt.js";

/**
 * Names the parts of a prompt, for alarm-tokens' `attentionShares`: "start" (up to the first visual token: the start of the
 * turn), "video" (one part per frame), "frame times" (what is written between frames), "visual alarm" (all of them), "query",
 * "textual alarm", "end". Without a video all text before the first alarm is the query. Every token is in one part.
 *
 * @param options.frameName names a frame by its time in seconds and its index among all frames; default "video".
 */
export function promptParts(
  prompt: PreparedPrompt,
  options: { readonly frameName?: (timeSeconds: number, frame: number) => string } = {},
): PromptPart[] {
  const { frameName = () => "video" } = options;
  const { tokenIds, visual, visualPositions, alarms } = prompt;
  const times = visual.flatMap(({ timestampsSeconds, frameTokenCounts }) =>
    Array.from(frameTokenCounts, (count, frame) => ({ count, timeSeconds: timestampsSeconds[frame] as number })),
  );
  const frames = times.flatMap(({ count, timeSeconds }, frame) =>
    Array.from({ length: count }, () => frameName(timeSeconds, frame)),
  );
  const names: string[] = Array.from({ length: tokenIds.length }, () => "query");
  const [first, last] = [visualPositions[0], visualPositions.at(-1)];
  if (first !== undefined && last !== undefined) names.fill("start", 0, first).fill("frame times", first, last);
  visualPositions.forEach((position, i) => {
    names[position] = frames[i] as string;
  });
  if (alarms !== null) {
    for (const position of alarms.visual.flat()) names[position] = "visual alarm";
    for (const position of alarms.textual) names[position] = "textual alarm";
    names.fill("end", (alarms.textual.at(-1) as number) + 1);
  }
  const parts: { name: string; start: number; end: number }[] = [];
  names.forEach((name, token) => {
    const open = parts.at(-1);
    if (open?.name === name) open.end = token + 1;
    else parts.push({ name, start: token, end: token + 1 });
  });
  return parts;
}
