import * as z from "zod/mini";

/** Why a record was dropped. */
export const DROP_REASONS = [
  "refused",
  "blocked",
  "truncated",
  "unknown-finish",
  "malformed",
  "binary",
  "too-long",
  "label-leak",
  "answer-leak",
  "duplicate",
  "labels-undecided",
  "labels-disagree",
  "same-meaning",
  "request-failed",
] as const;
/** One of {@link DROP_REASONS}. */
export type DropReason = (typeof DROP_REASONS)[number];

const tokens = z.strictObject({ prompt: z.nullable(z.number()), completion: z.nullable(z.number()) });
const call = { index: z.int().check(z.minimum(0)), model: z.string(), tokens, cost: z.number() };
const text = z.optional(z.string());

/** A line of a generation's journal: what came of each request that was paid for. */
export const journalEntrySchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("run"), fingerprint: z.string() }),
  z.strictObject({
    kind: z.literal("written"),
    ...call,
    served: z.nullable(z.string()),
    promptSha256: z.string(),
    fields: z.strictObject({ query: text, think: text, answer: text }),
  }),
  z.strictObject({
    kind: z.literal("unwritten"),
    ...call,
    promptSha256: z.string(),
    reason: z.enum(DROP_REASONS),
    detail: z.string(),
  }),
  z.strictObject({
    kind: z.literal("vote"),
    ...call,
    vote: z.union([z.literal(0), z.literal(1), z.null()]),
    detail: z.string(),
  }),
  z.strictObject({
    kind: z.literal("vector"),
    ...call,
    vector: z.string(),
  }),
]);

/** A line of a generation's journal. */
export type JournalEntry = z.output<typeof journalEntrySchema>;
type Entry<K extends JournalEntry["kind"]> = Extract<JournalEntry, { kind: K }>;

/** Where a generation keeps what it paid for. An entry that was acknowledged must survive a crash. */
export interface GenerationJournal {
  /** Entries of earlier runs, in the order they were added. */
  readonly entries: Iterable<JournalEntry>;
  /** Adds an entry; resolves when it is kept. */
  append(entry: JournalEntry): Promise<void>;
}

/** Entries by what they are about. */
export class JournalIndex {
  fingerprint: string | null = null;
  readonly outcomes = new Map<number, Entry<"written"> | Entry<"unwritten">>();
  readonly votes = new Map<string, Entry<"vote">>();
  readonly vectors = new Map<string, Entry<"vector">>();
  /** Spent, by the prices of the time. */
  cost = 0;
  readonly tokens = { prompt: 0, completion: 0 };
  requests = 0;
  /** Requests whose server did not count tokens: cost is a lower bound then. */
  uncounted = 0;

  constructor(readonly journal: GenerationJournal) {
    for (const entry of journal.entries) this.#take(entry);
  }

  /** Key of a vote or a vector. */
  static key = (index: number, model: string): string => `${index} ${model}`;

  async add(entry: JournalEntry): Promise<void> {
    await this.journal.append(entry);
    this.#take(entry);
  }

  #take(entry: JournalEntry): void {
    if (entry.kind === "run") {
      this.fingerprint ??= entry.fingerprint;
      return;
    }
    if (entry.kind === "written" || entry.kind === "unwritten") this.outcomes.set(entry.index, entry);
    if (entry.kind === "vote") this.votes.set(JournalIndex.key(entry.index, entry.model), entry);
    if (entry.kind === "vector") this.vectors.set(JournalIndex.key(entry.index, entry.model), entry);
    this.requests++;
    this.cost += entry.cost;
    this.tokens.prompt += entry.tokens.prompt ?? 0;
    this.tokens.completion += entry.tokens.completion ?? 0;
    if (entry.tokens.prompt === null || (entry.kind !== "vector" && entry.tokens.completion === null)) this.uncounted++;
  }
}

/** A journal in memory, for runs that need not survive; entries of an earlier one may be given. */
export function memoryJournal(
  entries: readonly JournalEntry[] = [],
): GenerationJournal & { readonly entries: JournalEntry[] } {
  const kept = [...entries];
  return { entries: kept, append: async (entry) => void kept.push(entry) };
}
