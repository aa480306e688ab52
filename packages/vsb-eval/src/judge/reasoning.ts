/** A completion taken apart into what the model thought and what the user reads. */
export interface SeparatedReasoning {
  /** The reasoning, trimmed, several stretches joined by a blank line; null when there is none. */
  readonly reasoning: string | null;
  /** What follows or surrounds the reasoning, trimmed: the only part that may be judged. */
  readonly answer: string;
  /** Whether the reasoning began and never ended, so that the model stopped before it answered. */
  readonly unclosed: boolean;
}

const TAGS =
  "think|thinking|thoughts?|reasoning|reasoning_content|reflection|scratchpad|analysis|inner_monologue|seed:think|mm:think|ant:thinking|longcat_think";
/** Markers that are not tags, as [opening, closing]: Kimi, Magistral, Cohere, Open Thoughts, Apertus, MedGemma, Gemma. */
const PAIRS = [
  ["◁think▷", "◁/think▷"],
  ["[THINK]", "[/THINK]"],
  ["<|START_THINKING|>", "<|END_THINKING|>"],
  ["<|begin_of_thought|>", "<|end_of_thought|>"],
  ["<|inner_prefix|>", "<|inner_suffix|>"],
  ["<unused94>thought", "<unused95>"],
  ["<|channel>thought", "<channel|>"],
  ["<|think|>", "<|/think|>"],
] as const;
const escaped = (text: string): string => text.replace(/[[\]|\\/()]/g, "\\$&");
const MARKER = new RegExp(`<\\s*(/?)\\s*(${TAGS})(?:\\s[^<>]*)?>|${PAIRS.flat().map(escaped).join("|")}`, "gi");
/** Wrappers of the visible part and end-of-turn tokens that a server left in. */
const DRESSING =
  /<\|(?:START_RESPONSE|END_RESPONSE|begin_of_solution|end_of_solution|begin_of_box|end_of_box|im_end|eot_id|end_of_turn|endoftext|return|end)\|>|<\/s>|<end_of_turn>/gi;

interface Marker {
  readonly at: number;
  readonly end: number;
  readonly closes: boolean;
  /** Which family: a closing one of another family ends the reasoning only when its own never comes. */
  readonly name: string;
}

function markersOf(text: string): Marker[] {
  const markers: Marker[] = [];
  for (const match of text.matchAll(MARKER)) {
    const at = match.index;
    // A tag in inline code is text about tags.
    if (text[at - 1] === "`" && text[at + match[0].length] === "`") continue;
    const pair = PAIRS.findIndex((both) => both.some((one) => one.toLowerCase() === match[0].toLowerCase()));
    const closes = pair < 0 ? match[1] === "/" : match[0].toLowerCase() === (PAIRS[pair]?.[1] ?? "").toLowerCase();
    const name = pair < 0 ? (match[2] ?? "").toLowerCase() : `pair ${pair}`;
    markers.push({ at, end: at + match[0].length, closes, name });
  }
  return markers;
}

/** Channels of gpt-oss ("harmony"): `final` is what the user reads, every other one is not. */
function harmony(text: string): SeparatedReasoning | null {
  const parts = [
    ...text.matchAll(
      /<\|channel\|>\s*([a-z]+)[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>([\s\S]*?)(?=<\|(?:end|return|call|start|channel)\|>|$)/gi,
    ),
  ];
  if (parts.length > 0) {
    const bodies = (final: boolean): string[] =>
      parts.filter(([, name]) => (name?.toLowerCase() === "final") === final).map(([, , body]) => (body ?? "").trim());
    const finals = bodies(true).filter((body) => body !== "");
    const others = bodies(false).filter((body) => body !== "");
    const before = text
      .slice(0, parts[0]?.index ?? 0)
      .replace(/<\|start\|>\s*assistant\s*$/i, "")
      .trim();
    return {
      reasoning: others.length === 0 ? null : others.join("\n\n"),
      answer: [before, ...finals].join("\n").trim(),
      unclosed: finals.length === 0,
    };
  }
  // The same with its special tokens dropped by the server: "analysisThe user ...assistantfinalHere ...".
  const bare = /^\s*analysis(?=[\p{Lu}"'*])/u.exec(text);
  if (bare === null) return null;
  const final = text.indexOf("assistantfinal");
  const reasoning = text.slice(bare[0].length, final < 0 ? undefined : final).trim();
  return { reasoning, answer: final < 0 ? "" : text.slice(final + 14).trim(), unclosed: final < 0 };
}

/** Granite's headings. */
function headed(text: string): SeparatedReasoning | null {
  const open = /^\s*Here(?:'s| is) my thought process:/i.exec(text);
  if (open === null) return null;
  const close = /Here(?:'s| is) my response:/i.exec(text);
  const reasoning = text.slice(open[0].length, close?.index).trim();
  return close === null
    ? { reasoning, answer: "", unclosed: true }
    : { reasoning, answer: text.slice(close.index + close[0].length).trim(), unclosed: false };
}

/**
 * Separates reasoning from the answer in the forms that today's models and servers write: `<think>` and its synonyms in
 * any case, a closing tag whose opening stood in the prompt (everything before it is reasoning), channels of gpt-oss
 * with and without their special tokens, and the markers of Kimi, Magistral, Cohere, Granite, Gemma and others. As in the
 * servers' own parsers the first closing marker ends a stretch. Reasoning that never ends leaves only what stood before it.
 *
 * A tag inside inline code, or an opening one in the middle of a line that is never closed, is text.
 */
export function separateReasoning(text: string): SeparatedReasoning {
  const special = harmony(text) ?? headed(text);
  if (special !== null) return { ...special, answer: special.answer.replace(DRESSING, "").trim() };
  const markers = markersOf(text);
  const thoughts: string[] = [];
  let visible = "";
  let from = 0;
  let unclosed = false;
  for (let i = 0; i < markers.length; i++) {
    const marker = markers[i] as Marker;
    if (marker.at < from) continue;
    const before = text.slice(from, marker.at);
    if (marker.closes) {
      // Only the first marker can close what the prompt opened; a later stray one hides nothing.
      if (i === 0) thoughts.push(before);
      else visible += before;
      from = marker.end;
      continue;
    }
    const rest = markers.slice(i + 1).filter(({ closes }) => closes);
    const close = rest.find(({ name }) => name === marker.name) ?? rest[0];
    if (close === undefined) {
      const line = before.slice(before.lastIndexOf("\n") + 1);
      if (line.trim() !== "") continue;
      visible += before;
      thoughts.push(text.slice(marker.end));
      from = text.length;
      unclosed = true;
      break;
    }
    visible += before;
    thoughts.push(text.slice(marker.end, close.at));
    from = close.end;
  }
  visible += text.slice(from);
  const reasoning = thoughts.map((part) => part.trim()).filter((part) => part !== "");
  return {
    reasoning: thoughts.length === 0 ? null : reasoning.join("\n\n"),
    answer: visible.replace(DRESSING, "").trim(),
    unclosed,
  };
}
