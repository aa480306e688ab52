// Fuzzing of parsers: valid inputs, damaged by edits that fast-check draws and shrinks. A parser may read an input or refuse it with an error
// of its own; another exception, or seconds of computing, is a crash. `npm test` runs a few hundred inputs and every kept crash; `pnpm fuzz`
// goes on for as long as it is told.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import fc from "fast-check";

/** A parser and inputs that it reads. */
export interface FuzzTarget {
  /** Stands in reports and names the folder of its crashes. */
  readonly name: string;
  /** bytes: edits of the file; json: edits of the value, which stays JSON. */
  readonly kind: "bytes" | "json";
  /** Valid inputs: texts, files, or values. */
  readonly corpus: readonly unknown[];
  /** Pieces that edits put in, beside odd numbers, quotes and brackets. */
  readonly words?: readonly string[];
  /** Reads one input; what it checks beyond reading throws too. */
  read(input: never): unknown;
  /** Errors that a refused input may have. */
  readonly refusals: readonly (abstract new (
    ...args: never[]
  ) => Error)[];
}

/** CPU seconds that one input may take. */
const MOST_SECONDS = 5;
const WORDS = [
  "0",
  "-1",
  "1e309",
  "18446744073709551615",
  "\u0000",
  '"',
  "{",
  "}",
  "[",
  "]",
  ":",
  ",",
  "\n",
  "\ufeff",
  "\ud83d",
  "null",
];
const VALUES: readonly unknown[] = [
  ...[
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e308,
    2 ** 31,
    2 ** 53,
    "",
    "0",
    "\u0000",
    "x".repeat(5000),
    [],
    {},
    [[]],
    [null],
    { a: 1 },
  ],
  ...[{ __proto__: null }, { constructor: 1 }, "__proto__", "../../etc", "<|im_end|>"],
];

interface Edit {
  readonly kind: number;
  readonly at: number;
  readonly length: number;
  readonly pick: number;
}
const edits = fc.array(
  fc.record({ kind: fc.nat(6), at: fc.nat(), length: fc.nat(40), pick: fc.nat() }) as fc.Arbitrary<Edit>,
  { maxLength: 8 },
);

const encoder = new TextEncoder();
const toBytes = (input: unknown): Uint8Array =>
  typeof input === "string" ? encoder.encode(input) : (input as Uint8Array);

function editBytes(
  start: Uint8Array,
  list: readonly Edit[],
  words: readonly Uint8Array[],
  others: readonly Uint8Array[],
): Uint8Array {
  let bytes: Uint8Array = Uint8Array.from(start);
  for (const { kind, at, length, pick } of list) {
    // Half of the edits hit the head, where formats keep their sizes.
    const place = at % ((pick & 1 ? Math.min(bytes.length, 64) : bytes.length) + 1);
    const [head, cut] = [bytes.subarray(0, place), Math.min(bytes.length, place + length)];
    if (kind === 0) bytes = Uint8Array.from(bytes, (byte, i) => (i === place ? pick & 255 : byte));
    else if (kind === 1) bytes = Uint8Array.from(bytes, (byte, i) => (i === place ? byte ^ (1 << (pick & 7)) : byte));
    else if (kind === 2) bytes = joined(head, bytes.subarray(cut));
    else if (kind === 3) bytes = joined(bytes.subarray(0, cut), bytes.subarray(place));
    else if (kind === 4) bytes = joined(head, words[pick % words.length] as Uint8Array, bytes.subarray(place));
    else if (kind === 5) bytes = Uint8Array.from(head);
    else {
      const other = others[pick % others.length] as Uint8Array;
      bytes = joined(head, other.subarray(at % (other.length + 1)));
    }
  }
  return bytes;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

type Holder = Record<string, unknown>;

function editJson(start: unknown, list: readonly Edit[], words: readonly string[]): unknown {
  let value = structuredClone(start);
  for (const { kind, at, pick } of list) {
    const places: [Holder, string][] = [];
    const walk = (holder: unknown): void => {
      if (typeof holder !== "object" || holder === null || places.length > 20_000) return;
      for (const key of Object.keys(holder)) {
        places.push([holder as Holder, key]);
        walk((holder as Holder)[key]);
      }
    };
    walk(value);
    const [holder, key] = places[at % (places.length || 1)] ?? [];
    const odd = pick % 3 === 0 ? words[pick % (words.length || 1)] : structuredClone(VALUES[pick % VALUES.length]);
    if (holder === undefined || key === undefined) value = odd;
    else if (kind === 0) delete holder[key];
    else if (kind === 1) holder[`${key}_`] = odd;
    else if (kind === 2) holder[key] = [holder[key]];
    else if (kind === 3 && typeof holder[key] === "number") holder[key] = [-1, 1.5, 0, 1e9, 2 ** 53, 1e300][pick % 6];
    else if (kind === 4 && typeof holder[key] === "string") holder[key] = `${holder[key]}${odd}`;
    else if (kind === 5)
      holder[key] = structuredClone(places[pick % places.length]?.[0][places[pick % places.length]?.[1] as string]);
    else holder[key] = odd;
    // Lists lose members and keep no holes, as JSON would have it.
    value = JSON.parse(JSON.stringify(value ?? null));
  }
  return value;
}

/** Reads one input. @throws what the parser should not have thrown */
export async function tryInput(target: FuzzTarget, input: unknown): Promise<void> {
  const before = process.cpuUsage();
  try {
    await target.read(input as never);
  } catch (error) {
    if (!target.refusals.some((refusal) => error instanceof refusal)) throw error;
  }
  const { user, system } = process.cpuUsage(before);
  if (user + system > MOST_SECONDS * 1e6)
    throw new Error(`took ${(user + system) / 1e6} s of CPU, at most ${MOST_SECONDS}`);
}

/** Draws inputs until `runs` or `milliseconds` are used up; a crash is shrunk. @returns how many ran, and the smallest crash */
export async function fuzz(
  target: FuzzTarget,
  { seed, runs, milliseconds }: { readonly seed: number; readonly runs: number; readonly milliseconds?: number },
): Promise<{ readonly runs: number; readonly crash?: { readonly input: unknown; readonly error: unknown } }> {
  const words = [...WORDS, ...(target.words ?? [])];
  const [byteWords, files] = [words.map(toBytes), target.kind === "bytes" ? target.corpus.map(toBytes) : []];
  const inputOf = (index: number, list: readonly Edit[]): unknown =>
    target.kind === "bytes"
      ? editBytes(files[index] as Uint8Array, list, byteWords, files)
      : editJson(target.corpus[index], list, words);
  const property = fc.asyncProperty(fc.nat(target.corpus.length - 1), edits, (index, list) =>
    tryInput(target, inputOf(index, list)),
  );
  const limit =
    milliseconds === undefined ? {} : { interruptAfterTimeLimit: milliseconds, markInterruptAsFailure: false };
  const found = await fc.check(property, { seed, numRuns: runs, ...limit });
  if (!found.failed || found.counterexample === null) return { runs: found.numRuns };
  const [index, list] = found.counterexample;
  return { runs: found.numRuns, crash: { input: inputOf(index, list), error: found.errorInstance } };
}

const slug = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");

/** Writes a crash beside the tests, which read it again from then on. @returns its path */
export function keepCrash(folder: string, target: FuzzTarget, input: unknown): string {
  const bytes = target.kind === "bytes" ? (input as Uint8Array) : encoder.encode(JSON.stringify(input));
  const place = join(folder, slug(target.name));
  mkdirSync(place, { recursive: true });
  const path = join(
    place,
    `${createHash("sha256").update(bytes).digest("hex").slice(0, 12)}.${target.kind === "json" ? "json" : "bin"}`,
  );
  writeFileSync(path, bytes);
  return path;
}

/** Folders of kept crashes that belong to none of the targets: of a renamed one they would never be read again. */
export function strayCrashes(folder: string, targets: readonly FuzzTarget[]): string[] {
  const known = new Set(targets.map(({ name }) => slug(name)));
  return existsSync(folder) ? readdirSync(folder).filter((name) => !known.has(name)) : [];
}

/** The kept crashes of a target: [name, input]. */
export function keptCrashes(folder: string, target: FuzzTarget): [string, unknown][] {
  const place = join(folder, slug(target.name));
  if (!existsSync(place)) return [];
  return readdirSync(place).map((name) => {
    const bytes = new Uint8Array(readFileSync(join(place, name)));
    return [basename(name), target.kind === "json" ? JSON.parse(new TextDecoder().decode(bytes)) : bytes];
  });
}
