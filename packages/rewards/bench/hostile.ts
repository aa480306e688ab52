// Time of every reward on 64 KiB texts made to be slow: the worst of each reward, and of each kind of text.
// usage: tsx bench/hostile.ts [--reference 8192]
//   --reference: the reference is as many bytes of the same kind; above 8192 characters the rewards refuse it
import { parseArgs } from "node:util";
import {
  accuracyScore,
  formatScore,
  languageConsistency,
  meanRouge,
  parseNumber,
  type RewardRow,
  repetitionPenalty,
  rouge,
  thinkLeakagePenalty,
  vsr1AccuracyRewards,
  vsr1FormatReward,
} from "../src/index.js";
import { cpuFeatures } from "./own-server.js";
import { benchPairs } from "./pairs.js";

const { values: flags } = parseArgs({ options: { reference: { type: "string" } } });
const SIZE = 65_536;

let state = 1;
const random = (below: number): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};
/** As much of a text as has 64 KiB in UTF-8; half surrogates, which travel as escapes, count for the three bytes of U+FFFD. */
const cut = (text: string): string => text.slice(0, new TextEncoder().encodeInto(text, new Uint8Array(SIZE)).read);
const repeated = (text: string): string => cut(text.repeat(Math.ceil(SIZE / text.length)));
const drawn = (piece: () => string): string => cut(Array.from({ length: SIZE }, piece).join(""));
const tags = ["think", "answer", "vidType", "textType"].flatMap((tag) => [`<${tag}>`, `</${tag}>`]);

/** Kinds of text, by name; each is about 64 KiB. */
const kinds: Record<string, string> = {
  "closing tags": repeated("</think>"),
  "opening tags": repeated("<answer>"),
  "nested tags": `${"<answer>".repeat(3800)}x${"</answer>".repeat(3800)}`,
  "tags at random": drawn(() => tags[random(tags.length)] as string),
  "half tags": repeated("<answer"),
  "separators that do not fit": `<think>${repeated("</think> ").slice(0, SIZE - 8)}`,
  spaces: repeated(" "),
  "line ends": repeated("\n"),
  "one letter per token": drawn(() => `${random(36).toString(36)} `),
  "two letters, one per token": drawn(() => `${"ab"[random(2)]} `),
  "one token repeated": repeated("a "),
  "one word": repeated("a"),
  "one word of y": repeated("y"),
  "all words different": drawn(() => `w${random(2 ** 30).toString(36)} `),
  "words to stem": drawn(() => `${random(2 ** 20).toString(36)}ationally `),
  "one letter per line": drawn(() => `${random(36).toString(36)}\n`),
  "line of a line": drawn(() => `${random(36).toString(36)}${random(8) === 0 ? "\n" : " "}`),
  digits: repeated("1234567890"),
  "digits of other scripts": repeated("\u0663\u096b\u{1d7ce}"),
  "thousands commas": repeated("1,000,"),
  "signs and exponents": repeated("-1e+"),
  "underscored digits": repeated("1_"),
  dollars: repeated("$ "),
  boxed: `${"\\boxed{".repeat(8000)}1${"}".repeat(8000)}`,
  fractions: repeated("\\frac{1}{"),
  "combining marks": `a${repeated("\u0301")}`,
  "marks of every class": drawn(() => String.fromCharCode(0x300 + random(0x70))),
  Chinese: drawn(() => String.fromCharCode(0x4e00 + random(20_000))),
  "Arabic ligatures": repeated("\ufdfa"),
  emoji: repeated("\u{1f469}\u200d\u{1f52c}"),
  "half surrogates": drawn(() => String.fromCharCode(0xd800 + random(0x800))),
  "dotted I": repeated("\u0130"),
  "deep brackets": `${"[".repeat(SIZE / 2)}${"]".repeat(SIZE / 2)}`,
  "control characters": drawn(() => String.fromCharCode(random(32))),
};

const tagged = (text: string, think = "t"): string =>
  `<think>${think}</think><answer>${text}</answer><vidType>1</vidType><textType>0</textType>`;
const accuracy =
  (problemType: RewardRow["problemType"], options: Parameters<typeof accuracyScore>[1] = {}) =>
  (row: RewardRow): unknown =>
    accuracyScore({ ...row, problemType }, options);
const vsr1 =
  (problemType: string) =>
  (row: RewardRow): unknown =>
    vsr1AccuracyRewards([row], [problemType]);
const repetition = repetitionPenalty();
const leakage = thinkLeakagePenalty();
const language = languageConsistency();
const wholeLanguage = languageConsistency("whole");
/** Everything the package can be asked to do with a completion. */
const rewards: Record<string, (row: RewardRow) => unknown> = {
  safety: accuracy("free-form-and-choice"),
  "safety, unicode": accuracy("free-form-and-choice", { tokenizer: "unicode" }),
  "free-form": accuracy("free-form"),
  "multiple choice": accuracy("multiple choice"),
  numerical: accuracy("numerical"),
  regression: accuracy("regression"),
  "OCR, words": accuracy("OCR"),
  "OCR, characters": accuracy("OCR", { ocrUnit: "character" }),
  format: formatScore,
  repetition: (row) => repetition(row, {}),
  "think leakage": (row) => leakage(row, {}),
  "language consistency": (row) => language(row, {}),
  "language of the whole": (row) => wholeLanguage(row, {}),
  "vsr1 safety": vsr1("free-form-and-choice"),
  "vsr1 numerical": vsr1("numerical"),
  "vsr1 regression": vsr1("regression"),
  "vsr1 OCR": vsr1("OCR"),
  "vsr1 format": (row) => vsr1FormatReward(row.completion),
  "parseNumber (no reward)": (row) => parseNumber(row.completion),
  "mean ROUGE (no reward)": (row) => meanRouge(row.solution, row.completion),
  "ROUGE-9 (no reward)": (row) => rouge(row.solution, row.completion, ["rouge9"]),
  "ROUGE-Lsum (no reward)": (row) => rouge(row.solution, row.completion, ["rougeLsum"]),
};

console.log(cpuFeatures());
const usual = benchPairs()[0]?.[0] ?? "";
/** Where the hostile text stands, and what it is held against. */
const placed = (text: string): RewardRow[] => {
  const reference =
    flags.reference === undefined ? usual : [...text].reverse().join("").slice(0, Number(flags.reference));
  const solutions = [tagged(reference), tagged("12.5")];
  const middle = text.length / 2;
  const completions = [tagged(text), text, tagged("x", text), tagged(text.slice(0, middle), text.slice(middle))];
  return completions.flatMap((completion) =>
    solutions.map((solution) => ({ completion, solution, problemType: "free-form-and-choice" as const })),
  );
};

const worst = new Map<string, { milliseconds: number; by: string }>();
const note = (key: string, milliseconds: number, by: string): void => {
  if (milliseconds > (worst.get(key)?.milliseconds ?? -1)) worst.set(key, { milliseconds, by });
};
for (const [kind, text] of Object.entries(kinds))
  for (const row of placed(text))
    for (const [name, reward] of Object.entries(rewards)) {
      let best = Infinity;
      for (let run = 0; run < (best < 3 ? 3 : best < 100 ? 9 : 2); run++) {
        const start = performance.now();
        reward(row);
        best = Math.min(best, performance.now() - start);
      }
      note(`reward ${name}`, best, kind);
      if (!name.endsWith("(no reward)")) note(`kind ${kind}`, best, name);
    }
const table = (prefix: string, column: string) =>
  [...worst]
    .filter(([key]) => key.startsWith(prefix))
    .sort(([, a], [, b]) => b.milliseconds - a.milliseconds)
    .map(([key, { milliseconds, by }]) => ({
      [prefix.trim()]: key.slice(prefix.length),
      "worst ms": Number(milliseconds.toFixed(2)),
      [column]: by,
    }));
console.log(
  `${Object.keys(kinds).length} kinds of 64 KiB completions against ${flags.reference ? `references of ${flags.reference} characters of the same kind` : "a reference of 140 words"}, best of 3 to 9:`,
);
console.table(table("reward ", "on"));
console.table(table("kind ", "by"));
