import { formatSeconds } from "@videosafety/video-sampler";
import type { VideoLlmConfig } from "../config/config.js";
import { OptionsError } from "../errors.js";

/** What the prompt must know of one visual input. */
export interface VisualLayout {
  /** A video is labelled with times, an image is not. */
  readonly kind: "video" | "image";
  /** Time of each frame, [T] seconds. */
  readonly timestampsSeconds: ArrayLike<number>;
  /** Time that is told of each frame, [T] seconds; default `timestampsSeconds`. Qwen3-VL tells the middle of a pair. */
  readonly toldSeconds?: ArrayLike<number>;
  /** Squares an image was cut into, in rows, before the whole one (SmolVLM2). */
  readonly tiles?: { readonly rows: number; readonly columns: number };
}

/** How a family of models writes conversations and visual inputs. */
export interface PromptConventions {
  /** Opens a user turn. */
  readonly userTurnStart: string;
  /** Closes a turn and an answer. */
  readonly turnEnd: string;
  /** Stands for one visual token. */
  readonly image: string;
  /** Stands for one visual token of a video, where that has a token of its own. */
  readonly video?: string;
  /** Chat template for models without one of their own. */
  readonly chatTemplate: string;
  /** Special tokens that `visualText` writes beside the placeholder. */
  readonly markers: readonly string[];
  /** What published templates write for a part of type "image" or "video", where they tell parts apart. */
  readonly templateVisuals?: { readonly image: string; readonly video: string };
  /** The text that stands for a visual input, with one placeholder a frame. */
  visualText(layout: VisualLayout, placeholder: string): string;
}

/** Tokens of ChatML and of the visual placeholder. */
export const CHAT_TOKENS = { turnStart: "<|im_start|>", turnEnd: "<|im_end|>", image: "<image>" } as const;

/** ChatML, with what stands for an image and a video part. */
const chatMl = (image: string, video: string): string =>
  [
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' }}",
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part in message['content'] %}",
    `{% if part['type'] == 'image' %}{{ '${image}' }}{% elif part['type'] == 'video' %}{{ '${video}' }}`,
    "{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}{{ '<|im_end|>\\n' }}{% endfor %}",
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
  ].join("");

/** ChatML as VideoLLaMA3 uses it, for models without a template of their own. */
export const DEFAULT_CHAT_TEMPLATE = chatMl("<image>\\n", "<image>\\n");

/** SmolVLM2's published template, with videos as transformers' processor adds them. */
const SMOL_TEMPLATE = [
  "<|im_start|>{% for message in messages %}{{ message['role'] | capitalize }}",
  "{% if message['content'][0]['type'] == 'image' %}{{ ':' }}{% else %}{{ ': ' }}{% endif %}",
  "{% for part in message['content'] %}{% if part['type'] == 'text' %}{{ part['text'] }}",
  "{% elif part['type'] == 'image' %}{{ '<image>' }}{% elif part['type'] == 'video' %}{{ '<video>' }}{% endif %}",
  "{% endfor %}<end_of_utterance>\n{% endfor %}{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}",
].join("");

const videollama3: PromptConventions = {
  userTurnStart: `${CHAT_TOKENS.turnStart}user`,
  turnEnd: CHAT_TOKENS.turnEnd,
  image: CHAT_TOKENS.image,
  chatTemplate: DEFAULT_CHAT_TEMPLATE,
  markers: [],
  visualText(layout, placeholder) {
    if (layout.kind === "image") return `${placeholder}\n`;
    const frames = Array.from(layout.timestampsSeconds, (t) => `Time ${formatSeconds(t)}s:${placeholder}`);
    return `${frames.join(",")}\n`;
  },
};

const smolvlm2: PromptConventions = {
  userTurnStart: "User:",
  turnEnd: "<end_of_utterance>",
  image: CHAT_TOKENS.image,
  chatTemplate: SMOL_TEMPLATE,
  markers: ["<fake_token_around_image>", "<global-img>"],
  templateVisuals: { image: CHAT_TOKENS.image, video: "<video>" },
  visualText(layout, placeholder) {
    const picture = `<fake_token_around_image><global-img>${placeholder}<fake_token_around_image>`;
    if (layout.kind === "image") return layout.tiles ? `${tileText(layout.tiles, placeholder)}${picture}` : picture;
    const times = Array.from(layout.timestampsSeconds, Math.floor);
    const pad = (n: number): string => String(n).padStart(2, "0");
    const clock = (t: number): string => `${pad(Math.floor(t / 60))}:${pad(t % 60)}`;
    // The container's duration is not known here: the last frame's time stands for it, as in transformers without one.
    const last = times.at(-1) ?? 0;
    const duration = `${Math.floor(last / 3600)}:${clock(last % 3600)}`;
    const intro = `You are provided the following series of ${numberInWords(times.length)} frames from a ${duration} [H:MM:SS] video.\n`;
    return `${intro}${times.map((t) => `\nFrame from ${clock(t)}:${picture}`).join("")}\n\n`;
  },
};

/** The squares of a split image, each behind its row and column, and an empty line. */
function tileText({ rows, columns }: { rows: number; columns: number }, placeholder: string): string {
  const lines = Array.from({ length: rows }, (_, row) =>
    Array.from(
      { length: columns },
      (__, column) => `<fake_token_around_image><row_${row + 1}_col_${column + 1}>${placeholder}`,
    ).join(""),
  );
  return `${lines.join("\n")}\n\n`;
}

const QWEN_VISUALS = {
  image: "<|vision_start|><|image_pad|><|vision_end|>",
  video: "<|vision_start|><|video_pad|><|vision_end|>",
};
const QWEN3_TEMPLATE = chatMl(QWEN_VISUALS.image, QWEN_VISUALS.video);
const QWEN_TEMPLATE = [
  "{% if messages[0]['role'] != 'system' %}<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n{% endif %}",
  QWEN3_TEMPLATE,
].join("");

const qwenVl: PromptConventions = {
  userTurnStart: `${CHAT_TOKENS.turnStart}user`,
  turnEnd: CHAT_TOKENS.turnEnd,
  image: "<|image_pad|>",
  video: "<|video_pad|>",
  chatTemplate: QWEN_TEMPLATE,
  markers: ["<|vision_start|>", "<|vision_end|>"],
  templateVisuals: QWEN_VISUALS,
  // Time is told by rotary positions, not by text.
  visualText: (layout, placeholder) =>
    `<|vision_start|>${placeholder.repeat(layout.timestampsSeconds.length)}<|vision_end|>`,
};

const qwen3Vl: PromptConventions = {
  ...qwenVl,
  chatTemplate: QWEN3_TEMPLATE,
  // As transformers 4.57 and the training: 5.18 leaves the template's own markers around the frames of a video.
  visualText(layout, placeholder) {
    const frame = `<|vision_start|>${placeholder}<|vision_end|>`;
    if (layout.kind === "image") return frame;
    const times = Array.from(layout.toldSeconds ?? layout.timestampsSeconds);
    return times.map((t) => `<${formatSeconds(t)} seconds>${frame}`).join("");
  },
};

/** Conventions by family. */
export const PROMPT_CONVENTIONS: Readonly<Record<VideoLlmConfig["family"], PromptConventions>> = {
  videollama3,
  smolvlm2,
  "qwen2-vl": qwenVl,
  "qwen2.5-vl": qwenVl,
  "qwen3-vl": qwen3Vl,
};

const ONES =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(
    " ",
  );
const TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");

/** English words of 0 to 999, as Python's num2words writes them. @throws OptionsError outside */
export function numberInWords(n: number): string {
  if (!(Number.isInteger(n) && n >= 0 && n < 1000)) throw new OptionsError(`expected 0 to 999 frames, found ${n}`);
  if (n < 20) return ONES[n] as string;
  if (n < 100) return `${TENS[Math.floor(n / 10) - 2]}${n % 10 === 0 ? "" : `-${ONES[n % 10]}`}`;
  return `${ONES[Math.floor(n / 100)]} hundred${n % 100 === 0 ? "" : ` and ${numberInWords(n % 100)}`}`;
}
