import { embeddingDuplicates } from "../filters/embedding-duplicates.js";
import { decideLabel, type LabelVote } from "../filters/label-votes.js";
import { answerLeak } from "../filters/leakage.js";
import { nearDuplicates } from "../filters/near-duplicates.js";
import type { RecordField } from "../grammar/grammar-schema.js";
import { wordsOf } from "../text/words.js";
import type { Draft } from "./draft.js";
import type { ChatModel, GenerationSettings } from "./generation-settings.js";
import { type DropReason, type JournalEntry, JournalIndex } from "./journal.js";
import { keyOf, vectorFromBase64 } from "./model-calls.js";
import { isBinary, TAGS } from "./model-reply.js";

/** A record whose texts are all there. */
export interface Candidate {
  readonly draft: Draft;
  readonly fields: Readonly<Partial<Record<RecordField, string>> & { query: string; answer: string }>;
  /** The model's part; null where the grammar wrote all. */
  readonly written: Extract<JournalEntry, { kind: "written" }> | null;
}

/** A record that was dropped. */
export interface Dropped {
  readonly index: number;
  readonly reason: DropReason;
  readonly detail: string;
  readonly kind: string;
  readonly language: string;
}

/** Candidates that pass, and those that do not. */
export interface Sifted {
  readonly kept: readonly Candidate[];
  readonly dropped: readonly Dropped[];
}

/** A record of a draft that was dropped. */
export const droppedOf = ({ draft }: { readonly draft: Draft }, reason: DropReason, detail: string): Dropped => ({
  index: draft.index,
  reason,
  detail,
  kind: draft.kind.id,
  language: draft.language,
});

/** Near-duplicates are sought among queries of one language and one label: a minimal pair differs in its clip or its label. */
const groupOf = ({ draft: { language, kind, clip } }: Candidate): string =>
  `${language} ${kind.textual} ${clip?.visual ?? 0}`;

/** Splits candidates by a judgement: null keeps one, a reason with its detail drops it. */
export function sift(
  candidates: readonly Candidate[],
  judge: (candidate: Candidate, i: number) => readonly [DropReason, string] | null,
): Sifted {
  const kept: Candidate[] = [];
  const dropped: Dropped[] = [];
  for (const [i, candidate] of candidates.entries()) {
    const verdict = judge(candidate, i);
    if (verdict === null) kept.push(candidate);
    else dropped.push(droppedOf(candidate, ...verdict));
  }
  return { kept, dropped };
}

/** What can be told from the text alone: broken or endless texts, tags, labels and answers in the query, near-copies. In the candidates' order. */
export function siftTexts(candidates: readonly Candidate[], filters: GenerationSettings["filters"]): Sifted {
  const { leakage, duplicates, maxCharacters } = filters;
  const sound = sift(candidates, ({ fields }) => {
    const texts = [fields.query, fields.think ?? "", fields.answer];
    if (texts.some(isBinary)) return ["binary", "control characters or broken ones"];
    const longest = Math.max(...texts.map(({ length }) => length));
    if (longest > maxCharacters) return ["too-long", `${longest} characters`];
    if (fields.query.trim() === "" || fields.answer.trim() === "") return ["malformed", "an empty text"];
    const tag = TAGS.find((mark) => fields.answer.includes(mark) || fields.think?.includes(mark));
    if (tag !== undefined) return ["malformed", `the tag ${tag} inside a text`];
    if (leakage === null) return null;
    const leak = answerLeak(fields.query, fields.answer, leakage);
    return leak === null ? null : [`${leak.kind}-leak`, `share ${leak.share.toFixed(2)}`];
  });
  if (duplicates === null) return sound;
  const grouped = sound.kept.map((candidate) => ({
    words: wordsOf(candidate.fields.query),
    group: groupOf(candidate),
  }));
  const copies = nearDuplicates(grouped, duplicates);
  const unique = sift(sound.kept, (_, i) => repeats("duplicate", copies[i] ?? null, sound.kept));
  return { kept: unique.kept, dropped: [...sound.dropped, ...unique.dropped] };
}

const repeats = (
  reason: DropReason,
  of: number | null,
  all: readonly Candidate[],
): readonly [DropReason, string] | null =>
  of === null ? null : [reason, `of record ${(all[of] as Candidate).draft.index}`];

/** Gives the judges' votes on a candidate, in the judges' order; undefined where one has not voted. */
export function voteReader(
  judges: readonly ChatModel[],
  index: JournalIndex,
): (candidate: Candidate) => (LabelVote | undefined)[] {
  const keys = judges.map(keyOf); // each a hash of all that the judge is told
  return ({ draft }) => keys.map((key) => index.votes.get(JournalIndex.key(draft.index, key))?.vote);
}

/** Keeps what the judges label as intended; see `decideLabel` for majorities and ties. */
export function siftLabels(
  candidates: readonly Candidate[],
  { judges, tieBreaker }: Pick<GenerationSettings, "judges" | "tieBreaker">,
  index: JournalIndex,
): Sifted {
  if (judges.length === 0) return { kept: candidates, dropped: [] };
  const votesOf = voteReader(judges, index);
  const extraOf = voteReader(tieBreaker ? [tieBreaker] : [], index);
  return sift(candidates, (candidate) => {
    const votes = votesOf(candidate).map((vote) => vote ?? null);
    const [extra] = extraOf(candidate);
    const decision = decideLabel(votes, extra);
    const tally = votes.map((vote) => vote ?? "none").join(", ");
    if (decision.kind === "undecided") return ["labels-undecided", tally];
    return decision.label === candidate.draft.kind.textual ? null : ["labels-disagree", `${tally}, ${decision.by}`];
  });
}

/** Keeps one of those whose vectors nearly agree. */
export function siftMeaning(
  candidates: readonly Candidate[],
  { embeddings, filters }: Pick<GenerationSettings, "embeddings" | "filters">,
  index: JournalIndex,
): Sifted {
  if (!embeddings) return { kept: candidates, dropped: [] };
  const key = keyOf(embeddings);
  const vectors = candidates.map((candidate) => ({
    vector: vectorFromBase64(index.vectors.get(JournalIndex.key(candidate.draft.index, key))?.vector ?? ""),
    group: groupOf(candidate),
  }));
  const copies = embeddingDuplicates(vectors, filters.meaning);
  return sift(candidates, (_, i) => repeats("same-meaning", copies[i] ?? null, candidates));
}
