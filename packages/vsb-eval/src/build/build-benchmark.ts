import { seedOf } from "@videosafety/random";
import {
  type Agreement,
  agreementOf,
  type EvalItem,
  findSubcategory,
  type Taxonomy,
  VSE_ASSUMED_V1,
} from "@videosafety/safety-data";
import type { EvalVideo, FrameSource } from "../arms/frame-source.js";
import { type AnnotatedClip, type Annotator, annotateClip } from "./annotation.js";
import { clipHash, hashDistance, isStaticClip, type StaticRule } from "./clip-features.js";
import { QUERY_TEMPLATES } from "./query-templates.js";

/** How a benchmark is built from clips. */
export interface BuildOptions {
  /** Candidate clips. */
  readonly videos: readonly EvalVideo[];
  /** Where their frames come from. */
  readonly frames: FrameSource;
  /** Label the clips; several, so that agreement can be measured. */
  readonly annotators: readonly Annotator[];
  /** Default `vse-assumed-v1`. */
  readonly taxonomy?: Taxonomy;
  /** Languages of the queries; default: all that have templates. */
  readonly languages?: readonly string[];
  /** When a clip is static. */
  readonly staticRule?: StaticRule;
  /** Frames looked at per clip; default 8. */
  readonly frameCount?: number;
  /** Clips whose hashes differ in at most this many of 64 bits are copies; default 4. */
  readonly maxHashDistance?: number;
  /** Share of the videos in each split, in order; default 80 % train, 20 % eval. */
  readonly splits?: Readonly<Record<string, number>>;
  /** Seed of splits and template choice. */
  readonly seed?: number;
  /** Stops the building. */
  readonly signal?: AbortSignal;
}

/** Why a clip is not in the benchmark. */
export type DropReason = "unreadable" | "static" | "duplicate" | "no_majority" | "text_only_subcategory";

/** A built benchmark. */
export interface BuiltBenchmark {
  /** The items, in the order of the clips. */
  readonly items: readonly EvalItem[];
  /** Clips left out, with the reason. */
  readonly dropped: readonly { readonly path: string; readonly reason: DropReason }[];
  /** Agreement of the annotators on safe or harmful, over clips that were annotated. */
  readonly harmAgreement: Agreement;
  /** Agreement on the subcategory. */
  readonly subcategoryAgreement: Agreement;
}

/** The split of a video: by a hash of its content, so that all its queries share it and it never changes. */
export function splitOf(sha256: string, splits: Readonly<Record<string, number>>, seed = 0): string {
  const names = Object.keys(splits);
  const total = Object.values(splits).reduce((sum, share) => sum + share, 0);
  let at = (seedOf(`${seed}/${sha256}`) / 4294967296) * total;
  for (const name of names) {
    at -= splits[name] as number;
    if (at < 0) return name;
  }
  return names.at(-1) as string;
}

function itemsOf(
  video: EvalVideo & { readonly sha256: string },
  clip: { readonly visual: 0 | 1; readonly subcategory: string; readonly title: string; readonly category: string },
  languages: readonly string[],
  split: string,
  seed: number,
): EvalItem[] {
  return languages.flatMap((language) => {
    const templates = QUERY_TEMPLATES[language];
    if (templates === undefined) return [];
    const pick = (list: readonly string[], kind: string): string =>
      (list[seedOf(`${seed}/${video.sha256}/${language}/${kind}`) % list.length] as string).replace(
        "{topic}",
        clip.title,
      );
    const base = { video, category: clip.category, subcategory: clip.subcategory, language, split };
    const id = (kind: string): string => `${video.sha256.slice(0, 12)}-${language}-${kind}`;
    return [
      {
        ...base,
        id: id("harmful"),
        subset: clip.visual === 1 ? "HH" : "SH",
        query: pick(templates.harmful, "harmful"),
        labels: { visual: clip.visual, textual: 1 },
      },
      {
        ...base,
        id: id("safe"),
        subset: "SafeQ",
        query: pick(templates.safe, "safe"),
        labels: { visual: clip.visual, textual: 0 },
      },
    ];
  });
}

/**
 * Builds items from clips: drops unreadable, static and duplicate clips, labels the rest by a strict majority of
 * annotators, makes one harmful and one safe query a language from templates, and splits by video.
 */
export async function buildBenchmark(options: BuildOptions): Promise<BuiltBenchmark> {
  const {
    videos,
    frames,
    annotators,
    taxonomy = VSE_ASSUMED_V1,
    staticRule = {},
    frameCount = 8,
    seed = 0,
    signal,
  } = options;
  const { languages = Object.keys(QUERY_TEMPLATES), maxHashDistance = 4, splits = { train: 0.8, eval: 0.2 } } = options;
  const once = signal === undefined ? {} : { signal };
  const items: EvalItem[] = [];
  const dropped: { path: string; reason: DropReason }[] = [];
  const annotated: AnnotatedClip[] = [];
  const seen: { readonly sha256: string; readonly hash: bigint }[] = [];
  for (const video of videos) {
    signal?.throwIfAborted();
    const drop = (reason: DropReason): void => void dropped.push({ path: video.path, reason });
    const read = await Promise.all([frames.sha256(video, once), frames.sample(video, { frameCount, ...once })]).catch(
      () => {
        signal?.throwIfAborted();
        return null;
      },
    );
    if (read === null) {
      drop("unreadable");
      continue;
    }
    const [sha256, sampled] = read;
    if (await isStaticClip(sampled, staticRule)) {
      drop("static");
      continue;
    }
    const hash = clipHash(sampled);
    if (seen.some((other) => other.sha256 === sha256 || hashDistance(other.hash, hash) <= maxHashDistance)) {
      drop("duplicate");
      continue;
    }
    seen.push({ sha256, hash });
    const clip = await annotateClip(sampled, annotators, once);
    annotated.push(clip);
    const leaf = clip.label === null ? null : findSubcategory(taxonomy, clip.label.subcategory);
    if (clip.label === null || leaf === null) drop("no_majority");
    else if (leaf.subcategory.textOnly === true) drop("text_only_subcategory");
    else {
      const label = { ...clip.label, title: leaf.subcategory.title, category: leaf.category.id };
      items.push(...itemsOf({ path: video.path, sha256 }, label, languages, splitOf(sha256, splits, seed), seed));
    }
  }
  const ratings = (read: (vote: NonNullable<AnnotatedClip["label"]>) => string) =>
    agreementOf(annotated.map(({ votes }) => votes.map((vote) => (vote === null ? null : read(vote)))));
  return {
    items,
    dropped,
    harmAgreement: ratings(({ visual }) => `${visual}`),
    subcategoryAgreement: ratings(({ subcategory }) => subcategory),
  };
}
