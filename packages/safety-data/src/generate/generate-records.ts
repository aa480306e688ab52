import { GenerationError } from "../errors.js";
import { type VoteAgreement, voteAgreement } from "../filters/label-votes.js";
import { compileGrammar } from "../grammar/compile-grammar.js";
import { type Draft, draftSource } from "./draft.js";
import {
  type Candidate,
  type Dropped,
  droppedOf,
  type Sifted,
  sift,
  siftLabels,
  siftMeaning,
  siftTexts,
  voteReader,
} from "./filter-records.js";
import { type Clip, type GenerationSettings, generationSettingsSchema } from "./generation-settings.js";
import { type DropReason, type GenerationJournal, JournalIndex, memoryJournal } from "./journal.js";
import { type Access, keyOf, sha256, writerInstruction } from "./model-calls.js";
import { type GenerationProgress, Requests } from "./requests.js";
import { type Provenance, recordsOf, type WrittenFormats } from "./write-records.js";

/** What a generation takes. */
export interface GenerationInput extends Access {
  /** The parsed JSON of a grammar file. */
  readonly grammar: unknown;
  /** Clips that records can be about. */
  readonly clips?: readonly Clip[];
  /** See `generationSettingsSchema`. */
  readonly settings: unknown;
  /** Where paid answers are kept; default: in memory. */
  readonly journal?: GenerationJournal;
  /** Called after each request that came back. */
  readonly onProgress?: (progress: GenerationProgress) => void;
  readonly signal?: AbortSignal;
}

/** What came of a generation; `planned = kept + all of dropped`. */
export interface GenerationReport {
  readonly planned: number;
  readonly kept: number;
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
  /** Kept records by kind and by language. */
  readonly kinds: Readonly<Record<string, number>>;
  readonly languages: Readonly<Record<string, number>>;
  /** Of the judges, on the records that they saw; null without judges. */
  readonly judges: VoteAgreement | null;
  /** Paid so far, earlier runs included; a lower bound when servers did not count tokens of some requests. */
  readonly cost: number;
  readonly requests: number;
  readonly tokens: { readonly prompt: number; readonly completion: number };
  readonly requestsWithoutUsage: number;
  readonly grammar: Provenance["grammar"];
  readonly fingerprint: string;
  readonly settings: GenerationSettings;
}

/** Records in the formats asked for, what was dropped, and the report. */
export interface Generation {
  readonly records: WrittenFormats;
  readonly dropped: readonly Dropped[];
  readonly report: GenerationReport;
}

const GENERATOR = "@videosafety/safety-data generate/1";

/**
 * Draws records from a grammar, lets a model write what the grammar leaves to it, and filters: texts and near-copies, then the judges' labels, then
 * meaning, in the order of the records; what a filter drops does not bring back what an earlier one dropped as its copy. The result depends on
 * grammar, clips, settings and the journal, not on the order in which servers answer.
 *
 * Every answer goes to the journal before it counts, so a run that was stopped in any way goes on where it was. Filters may be changed
 * between runs; what decides the requests may not.
 *
 * @throws GrammarError, ZodError for what cannot be used; GenerationError `config` for parts that do not fit together, `journal` for one of another
 *   generation, `incomplete` when requests failed, `budget` when `maxCost` is reached; EndpointError when a server refuses every request
 */
export async function generateRecords(input: GenerationInput): Promise<Generation> {
  const settings = generationSettingsSchema.parse(input.settings);
  const grammar = compileGrammar(input.grammar);
  const clips = input.clips ?? [];
  const draw = draftSource({ grammar, clips, settings });
  const index = new JournalIndex(input.journal ?? memoryJournal());
  const grammarHash = await sha256(JSON.stringify(input.grammar));
  const fingerprint = await fingerprintOf(grammarHash, clips, settings);
  if (index.fingerprint === null) await index.add({ kind: "run", fingerprint });
  else if (index.fingerprint !== fingerprint)
    throw new GenerationError(
      "journal",
      "expected the journal of this generation, found another grammar, seed, clips or generator: use a new folder",
    );
  const requests = new Requests(input, settings, index);
  const drafts = Array.from({ length: settings.count }, (_, i) => draw(i));
  const dropped: Dropped[] = [];
  const take = ({ kept, dropped: lost }: Sifted): readonly Candidate[] => {
    dropped.push(...lost);
    return kept;
  };

  await requests.write(drafts);
  const texts = take(siftTexts(take(candidatesOf(drafts, index)), settings.filters));
  for (const judge of settings.judges) await requests.judge(judge, texts);
  const votesOf = voteReader(settings.judges, index);
  const judged = take(siftUnanswered(texts, (candidate) => !votesOf(candidate).includes(undefined)));
  if (settings.tieBreaker) await requests.judge(settings.tieBreaker, undecided(judged, settings, index));
  const labelled = take(siftLabels(judged, settings, index));
  await requests.embed(labelled);
  const vectors = settings.embeddings && keyOf(settings.embeddings);
  const embedded = take(
    siftUnanswered(
      labelled,
      ({ draft }) => vectors === undefined || index.vectors.has(JournalIndex.key(draft.index, vectors)),
    ),
  );
  const kept = take(siftMeaning(embedded, settings, index));
  dropped.sort((a, b) => a.index - b.index);

  const origin = { grammar: { id: grammar.id, sha256: grammarHash }, settings, index };
  const records = writeFormats(kept, origin);
  const rows = judged.map((candidate) => ({
    intended: candidate.draft.kind.textual,
    votes: votesOf(candidate).map((vote) => vote ?? null),
  }));
  const report: GenerationReport = {
    planned: settings.count,
    kept: kept.length,
    dropped: tally(dropped.map(({ reason }) => reason)),
    kinds: tally(kept.map(({ draft }) => draft.kind.id)),
    languages: tally(kept.map(({ draft }) => draft.language)),
    judges:
      settings.judges.length === 0
        ? null
        : voteAgreement(
            settings.judges.map(({ model }) => model),
            rows,
          ),
    cost: index.cost,
    requests: index.requests,
    tokens: { ...index.tokens },
    requestsWithoutUsage: index.uncounted,
    grammar: origin.grammar,
    fingerprint,
    settings,
  };
  return { records, dropped, report };
}

/** Candidates of drafts whose texts are all there, and what the generator did not write. */
function candidatesOf(drafts: readonly Draft[], index: JournalIndex): Sifted {
  const kept: Candidate[] = [];
  const dropped: Dropped[] = [];
  for (const draft of drafts) {
    const outcome = draft.prompt === null ? null : index.outcomes.get(draft.index);
    if (outcome === undefined) dropped.push(droppedOf({ draft }, "request-failed", "no answer"));
    else if (outcome?.kind === "unwritten") dropped.push(droppedOf({ draft }, outcome.reason, outcome.detail));
    else {
      const fields = { ...draft.fields, ...outcome?.fields } as Candidate["fields"];
      kept.push({ draft, fields, written: outcome });
    }
  }
  return { kept, dropped };
}

/** Candidates on which a judge or the embeddings did not answer are dropped by name, never passed. */
function siftUnanswered(candidates: readonly Candidate[], answered: (candidate: Candidate) => boolean): Sifted {
  return sift(candidates, (candidate) => (answered(candidate) ? null : ["request-failed", "no answer"]));
}

/** Candidates on which the judges have no majority. */
function undecided(
  candidates: readonly Candidate[],
  { judges }: GenerationSettings,
  index: JournalIndex,
): readonly Candidate[] {
  const lost = siftLabels(candidates, { judges }, index).dropped.filter(({ reason }) => reason === "labels-undecided");
  const open = new Set(lost.map(({ index: i }) => i));
  return candidates.filter(({ draft }) => open.has(draft.index));
}

function writeFormats(
  kept: readonly Candidate[],
  {
    grammar,
    settings,
    index,
  }: { readonly grammar: Provenance["grammar"]; readonly settings: GenerationSettings; readonly index: JournalIndex },
): WrittenFormats {
  const { filters, judges, tieBreaker, embeddings, formats, seed, split } = settings;
  const passed = [
    "texts",
    ...(filters.leakage === null ? [] : ["leakage"]),
    ...(filters.duplicates === null ? [] : ["duplicates"]),
    ...(judges.length === 0 ? [] : ["labels"]),
    ...(embeddings ? ["meaning"] : []),
  ];
  const voters = [...judges, ...(tieBreaker ? [tieBreaker] : [])];
  const votesOf = voteReader(voters, index);
  const records: WrittenFormats = { sft: [], cot: [], rl: [] };
  for (const candidate of kept) {
    const { draft, written } = candidate;
    const votes = votesOf(candidate).flatMap((vote, i) =>
      vote === undefined ? [] : [[voters[i]?.model ?? "", vote] as const],
    );
    const made = recordsOf(candidate, {
      generator: GENERATOR,
      grammar,
      index: draft.index,
      seed,
      split,
      language: draft.language,
      kind: draft.kind.id,
      production: `${draft.language}/${draft.kind.id}/${draft.production}`,
      model: written && {
        id: written.model,
        served: written.served,
        promptSha256: written.promptSha256,
        wrote: Object.keys(written.fields),
      },
      filters: passed,
      votes: judges.length === 0 ? null : Object.fromEntries(votes),
    });
    if (formats.includes("sft")) records.sft.push(made.sft());
    if (formats.includes("cot")) records.cot.push(made.cot());
    if (formats.includes("rl")) records.rl.push(made.rl());
  }
  return records;
}

function tally<T extends string>(values: readonly T[]): Record<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1))) as Record<T, number>;
}

/** What decides the requests: a journal belongs to one of it. Prices, filters, judges and the number of records may change. */
async function fingerprintOf(
  grammarHash: string,
  clips: readonly Clip[],
  settings: GenerationSettings,
): Promise<string> {
  const { generator, seed, languages, split } = settings;
  const asked = generator && [
    generator.model,
    generator.temperature,
    generator.maxTokens,
    generator.extraBody,
    writerInstruction(["query"]),
  ];
  return sha256(JSON.stringify([GENERATOR, grammarHash, clips, seed, languages ?? null, split, asked ?? null]));
}
