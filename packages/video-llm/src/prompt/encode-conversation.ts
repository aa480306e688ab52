import { PromptError } from "../errors.js";
import type { VisualFeatures } from "../vision/visual-features.js";
import type { Piece } from "./render-conversation.js";
import { type Author, type ControlToken, forged, type TextTokenizer } from "./text-tokenizer.js";

/** A conversation as ids, with the places that construction knows. */
export interface EncodedConversation {
  /** Ids [S]. */
  readonly tokenIds: number[];
  /** Positions of visual tokens, in order. */
  readonly visualPositions: number[];
  /** By message of a user: position of the token that closes its turn. */
  readonly turnEnds: ReadonlyMap<number, number>;
}

/**
 * Ids of a rendered conversation. Control tokens come from the template and from visual inputs only; all text between two
 * of them is encoded together, whoever wrote it, so that ordinary conversations have the ids that transformers gives them.
 *
 * @throws PromptError `special-token-in-text` when texts spell a special token together, across parts or with the
 *   template's text; `visual-count` when a visual input comes out with other than one placeholder a frame.
 */
export function encodeConversation(
  pieces: readonly Piece[],
  visual: readonly VisualFeatures[],
  tokenizer: TextTokenizer,
): EncodedConversation {
  const tokenIds: number[] = [];
  const visualPositions: number[] = [];
  const turnEnds = new Map<number, number>();
  const lastOf = new Map(
    pieces.flatMap((piece, i) => (piece.kind === "template" ? [] : [[piece.message, i] as const])),
  );
  const visualIds = new Set([tokenizer.imageId, tokenizer.videoId]);
  const run = new PlainRun(tokenizer);
  let open: number | undefined;
  pieces.forEach((piece, i) => {
    let frame = 0;
    for (const { text, token } of tokenizer.cut(piece.text, authorOf(piece))) {
      if (token === undefined) {
        run.add(text, piece.kind === "message");
        continue;
      }
      tokenIds.push(...run.end(token));
      if (piece.kind === "visual" && visualIds.has(token.id)) {
        const count = visual[piece.visual]?.frameTokenCounts[frame++] ?? 0;
        for (let n = 0; n < count; n++) {
          visualPositions.push(tokenIds.length);
          tokenIds.push(token.id);
        }
        continue;
      }
      if (open !== undefined && token.id === tokenizer.turnEndId && piece.kind === "template") {
        turnEnds.set(open, tokenIds.length);
        open = undefined;
      }
      tokenIds.push(token.id);
    }
    if (piece.kind === "visual") checkFrames(piece.visual, frame, visual);
    if (piece.kind !== "template") open = lastOf.get(piece.message) === i ? piece.message : undefined;
  });
  tokenIds.push(...run.end());
  return { tokenIds, visualPositions, turnEnds };
}

function authorOf(piece: Piece): Author {
  if (piece.kind !== "message") return "template";
  return piece.role === "assistant" ? "assistant" : "user";
}

function checkFrames(number: number, found: number, visual: readonly VisualFeatures[]): void {
  const expected = visual[number]?.frameTokenCounts.length ?? 0;
  if (found === expected) return;
  throw new PromptError(
    "visual-count",
    `expected ${expected} frame placeholders of visual input ${number} in the prompt, found ${found}; check the placeholder ids in config.json`,
  );
}

/** Text since the last control token. */
class PlainRun {
  #text = "";
  #written = false;
  #strip = false;

  constructor(readonly tokenizer: TextTokenizer) {}

  add(text: string, written: boolean): void {
    this.#text += text;
    this.#written ||= written;
  }

  /** Ids of the run, and a new one. @param next the token that ends it; undefined at the end of the prompt */
  end(next?: ControlToken): number[] {
    let text = this.#strip ? this.#text.trimStart() : this.#text;
    if (next?.lstrip) text = text.trimEnd();
    const found = this.#written ? this.tokenizer.findSpecial(text) : undefined;
    if (found !== undefined) throw forged(found, "reword the texts that spell it together");
    this.#text = "";
    this.#written = false;
    this.#strip = next?.rstrip ?? false;
    return text === "" ? [] : this.tokenizer.encodePlain(text);
  }
}
