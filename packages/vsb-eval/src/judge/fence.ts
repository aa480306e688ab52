import { contentKey } from "../content-key.js";

/**
 * The delimiter around what a judge must not obey, and the code word that its verdict must repeat: 12 letters from the
 * SHA-256 of a seed and the fenced texts. The same run gives the same prompt; a tested model cannot write its own
 * answer's hash into that answer, so nothing that it wrote can close the fence or carry the code word.
 */
export async function fenceWord(seed: number, texts: readonly string[]): Promise<string> {
  for (let round = 0; ; round++) {
    const hash = await contentKey(["fence", seed, round, ...texts]);
    const word = [...hash.slice(0, 12)].map((digit) => "bcdfghjkmnpqrstv"[Number.parseInt(digit, 16)]).join("");
    if (!texts.some((text) => text.toLowerCase().includes(word))) return word;
  }
}

/** Tokens that end a turn or a thought in some chat template. */
const SPECIAL =
  /<(?=\|[^|<>\n]{1,40}\|?>|\/?s>|\/?(?:start|end)_of_(?:turn|text)>|\/?(?:think|thinking|reasoning|thought)>|unused\d+>|channel\|>)|\[(?=\/?(?:INST|THINK|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_[A-Z]+)\])|◁(?=\/?think▷)/gi;

/** Breaks up special tokens in others' text by a space, so that no chat template can take them for the end of a turn. */
export function defused(text: string): string {
  return text.replace(SPECIAL, "$& ");
}

/** A text between two lines that hold the fence's word. */
export function fenced(name: string, text: string, word: string): string {
  return `<<<${name} ${word}\n${defused(text)}\n${name} ${word}>>>`;
}
