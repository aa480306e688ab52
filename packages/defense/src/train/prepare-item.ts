import { authorsPrompt } from "@videosafety/safety-data";
import type { PreparedPrompt, PreparedSample, VideoLlm, VisualFeatures } from "@videosafety/video-llm";
import { DefenseError } from "../errors.js";
import { type GrpoItem, type MediaFile, placeText, type SftItem, type TrainingItem } from "../records/training-item.js";
import type { ResolvedGrpoStage } from "../run-file/resolve-stages.js";

/** What preparing an item needs. */
export interface Preparation {
  readonly model: VideoLlm;
  /** Features of a media file. */
  readonly featuresOf: (media: MediaFile) => Promise<VisualFeatures>;
  /** Whether prompts have alarm tokens. */
  readonly alarmTokens: boolean;
  /** Most tokens of prompt and answer; undefined: as many as the model has positions. */
  readonly maxLength: number | undefined;
}

/** The sample of an item of stages 1 to 3. @throws DefenseError naming file and line */
export function prepareSft(item: SftItem, context: Preparation): Promise<PreparedSample> {
  return placed(item, async () => {
    const { model, maxLength } = context;
    const prompt = await promptOf(item.messages, item.media, context);
    const labels = item.labels ?? { visual: null, textual: null };
    const sample = model.prepareSample({ prompt, completion: item.completion, labels });
    checkLength(prompt.tokenIds.length + sample.completionIds.length, maxLength);
    return sample;
  });
}

/** The prompt of an item of stage 4. @throws DefenseError naming file and line */
export function prepareGrpo(
  item: GrpoItem,
  context: Preparation,
  { prompt: words, config }: Pick<ResolvedGrpoStage, "prompt" | "config">,
): Promise<PreparedPrompt> {
  return placed(item, async () => {
    const { question, problemType, media } = item;
    const text = words === "plain" ? question : authorsPrompt({ question, problemType });
    const parts = [...media.map(({ kind }) => ({ type: kind })), { type: "text" as const, text }];
    const prompt = await promptOf([{ role: "user", content: parts }], media, context);
    const most = context.maxLength ?? context.model.config.maxPositions;
    checkLength(prompt.tokenIds.length + config.maxCompletionLength, most);
    return prompt;
  });
}

async function promptOf(
  messages: SftItem["messages"],
  media: readonly MediaFile[],
  { model, featuresOf, alarmTokens }: Preparation,
): Promise<PreparedPrompt> {
  const visual: VisualFeatures[] = [];
  for (const file of media) visual.push(await featuresOf(file));
  return model.preparePrompt({ messages, visual, alarmTokens });
}

function checkLength(tokens: number, most: number | undefined): void {
  if (most === undefined || tokens <= most) return;
  throw new DefenseError(
    "invalid-record",
    `expected at most ${most} tokens of prompt and answer, found ${tokens}; take fewer frames, or raise maxLength`,
  );
}

/** What a file or a text does wrong is told with its record's place. */
async function placed<T>(item: TrainingItem, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { code, message } = cause as { code?: unknown; message: string };
    if ((cause as Error).name === "AbortError" || typeof code !== "string") throw cause;
    const known = code === "NO_BACKEND" || code === "DECODER_MISSING" ? "no-decoder" : "invalid-record";
    throw new DefenseError(known, `data.${item.place.source}: ${placeText(item.place)}: ${message}`, { cause });
  }
}
