import { createRng, deriveSeed, seedOf } from "@videosafety/random";
import { VsbEvalError } from "../errors.js";
import { type Attack, type AttackInput, type AttackSettings, parameterOf } from "./attack.js";
import { phrasesOf } from "./carrier-phrases.js";

const JAILBROKEN = "Jailbroken: How Does LLM Safety Training Fail?, arXiv 2307.02483 (encodings, role play)";
const MULTI_TURN = "Crescendo, arXiv 2404.01833 (requests after harmless turns)";
const VIDEO_SAFETY_BENCH = "Video-SafetyBench, arXiv 2505.11842 (benign queries whose harm lies in the video)";

const fill = (phrase: string, query: string): string => phrase.replace("{query}", () => query);

/** A text attack that only changes the query. */
function textAttack(
  parts: Pick<Attack, "name" | "title" | "intensity" | "source"> &
    Partial<Pick<Attack, "applies" | "recover" | "parameters">> & {
      readonly query: (input: AttackInput, settings: AttackSettings) => string;
    },
): Attack {
  const { query, parameters = [], ...rest } = parts;
  return {
    ...rest,
    version: 1,
    target: "text",
    parameters,
    needsCarrier: false,
    apply: (input, settings) => ({ ...input, query: query(input, settings) }),
  };
}

/** Encodes a share of the words, chosen by the seed: at 0 none, at 1 all; what is between them stays. */
function encodeShare(query: string, { intensity, seed }: AttackSettings, encode: (word: string) => string): string {
  if (intensity >= 1) return query.replace(/\S+/gu, encode);
  const random = createRng(deriveSeed(seed, seedOf("words")));
  return query.replace(/\S+/gu, (word) => (random.uniform() < intensity ? encode(word) : word));
}

/** UTF-8 as base64, in a browser too. */
export function toBase64Text(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/** The text behind base64 of UTF-8. */
export function fromBase64Text(encoded: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0)));
}

/** Latin letters 13 places on; its own inverse. */
export function rot13(text: string): string {
  return text.replace(/[a-z]/gi, (letter) => {
    const base = letter <= "Z" ? 65 : 97;
    return String.fromCharCode(((letter.charCodeAt(0) - base + 13) % 26) + base);
  });
}

const LEET: readonly (readonly [string, string])[] = [
  ["a", "4"],
  ["e", "3"],
  ["i", "1"],
  ["o", "0"],
  ["s", "5"],
  ["t", "7"],
];

/** Letters as digits. */
export function leetspeak(text: string): string {
  return text.toLowerCase().replace(/[aeiost]/g, (letter) => LEET.find(([from]) => from === letter)?.[1] ?? letter);
}

/** Digits as the letters that leetspeak makes of them: of a text without digits, in lower case, the inverse. */
export function fromLeetspeak(text: string): string {
  return text.replace(/[431057]/g, (digit) => LEET.find(([, to]) => to === digit)?.[0] ?? digit);
}

/** A space between all characters, three for each space between words. */
export const spaceOut = (text: string): string => [...text].join(" ");

/** What {@link spaceOut} was made of. */
export const closeUp = (text: string): string => [...text].filter((_, i) => i % 2 === 0).join("");

const hasLatin = ({ query }: AttackInput): boolean => /[a-z]/i.test(query);
const isShort = ({ query }: AttackInput): boolean => query.length <= 20_000;

/** Attacks on the text beside a video. */
export const TEXT_ATTACKS: readonly Attack[] = [
  textAttack({
    name: "paraphrase",
    title: "the request in other words around it, from a small grammar in ten languages",
    intensity: "below 0.5 one production, from there two, one within the other",
    source: "Trust-videoLLMs, arXiv 2506.12336 (robustness to wording)",
    parameters: ["first", "second"],
    query: ({ query, language }, settings) => {
      const { paraphrases } = phrasesOf(language);
      const pick = (name: string): string =>
        paraphrases[
          Math.min(paraphrases.length - 1, Math.floor(parameterOf(settings, name) * paraphrases.length))
        ] as string;
      const once = fill(pick("first"), query);
      return settings.intensity < 0.5 ? once : fill(pick("second"), once);
    },
  }),
  textAttack({
    name: "role-play",
    title: "the request as a line in a play",
    intensity: "the same at every intensity",
    source: JAILBROKEN,
    query: ({ query, language }) => fill(phrasesOf(language).rolePlay, query),
  }),
  textAttack({
    name: "preamble",
    title: "harmless sentences before the request",
    intensity: "1 to 20 sentences",
    source: "benign preamble; Video-SafetyBench, arXiv 2505.11842",
    query: ({ query, language }, { intensity }) => {
      const { preamble } = phrasesOf(language);
      const count = 1 + Math.round(19 * intensity);
      const said = Array.from({ length: count }, (_, i) => preamble[i % preamble.length] as string);
      return `${said.join(" ")} ${query}`;
    },
  }),
  textAttack({
    name: "base64",
    title: "words as base64",
    intensity: "share of the words; at 1 the whole query at once",
    source: JAILBROKEN,
    applies: isShort,
    query: ({ query, language }, settings) =>
      settings.intensity >= 1
        ? `${phrasesOf(language).decode.replace("{encoding}", "base64")}${toBase64Text(query)}`
        : encodeShare(query, settings, toBase64Text),
    recover: (query) => fromBase64Text(/[A-Za-z0-9+/]+=*$/.exec(query)?.[0] ?? ""),
  }),
  textAttack({
    name: "rot13",
    title: "Latin words 13 letters on",
    intensity: "share of the words",
    source: JAILBROKEN,
    applies: hasLatin,
    query: ({ query }, settings) => encodeShare(query, settings, rot13),
    recover: rot13,
  }),
  textAttack({
    name: "leetspeak",
    title: "letters as digits",
    intensity: "share of the words",
    source: JAILBROKEN,
    applies: hasLatin,
    query: ({ query }, settings) => encodeShare(query, settings, leetspeak),
    recover: fromLeetspeak,
  }),
  textAttack({
    name: "spacing",
    title: "a space after every character",
    intensity: "share of the words; at 1 the whole query",
    source: JAILBROKEN,
    query: ({ query }, settings) =>
      settings.intensity >= 1 ? spaceOut(query) : encodeShare(query, settings, spaceOut),
    recover: closeUp,
  }),
  textAttack({
    name: "referential",
    title: "a harmless query that means what the video shows",
    intensity: "the same at every intensity",
    source: VIDEO_SAFETY_BENCH,
    applies: ({ footage }) => footage !== null,
    query: ({ language }) => phrasesOf(language).referential,
  }),
  {
    name: "multi-turn",
    version: 1,
    target: "text",
    title: "the request after harmless turns",
    intensity: "1 to 4 turns",
    source: MULTI_TURN,
    parameters: [],
    needsCarrier: false,
    apply: (input, { intensity }) => ({
      ...input,
      history: [
        ...input.history,
        ...phrasesOf(input.language)
          .turns.slice(0, 1 + Math.round(3 * intensity))
          .flatMap(({ user, assistant }) => [
            { role: "user" as const, content: user },
            { role: "assistant" as const, content: assistant },
          ]),
      ],
    }),
  },
];

/**
 * The request in another language, by a translator of the caller's: a table, a grammar, a model's answers that were kept.
 *
 * @param translate the query in another language with that language's tag; null where it has none: the attack then does not apply
 */
export function translationAttack(
  translate: (
    input: AttackInput,
    settings: AttackSettings,
  ) => { readonly query: string; readonly language: string } | null,
): Attack {
  return {
    name: "translation",
    version: 1,
    target: "text",
    title: "the request in another language",
    intensity: "the same at every intensity",
    source: "Trust-videoLLMs, arXiv 2506.12336; VideoSafety-R1, arXiv 2505.16643 (ten languages)",
    parameters: ["language"],
    needsCarrier: false,
    applies: (input) => translate(input, { intensity: 1, seed: 0 }) !== null,
    apply: (input, settings) => {
      const translated = translate(input, settings);
      if (translated !== null) return { ...input, ...translated };
      throw new VsbEvalError(
        "invalid_input",
        "translation: expected the query in the language that the seed draws, found none: translate all or none of them",
      );
    },
  };
}
