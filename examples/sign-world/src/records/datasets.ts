import {
  type EvalItem,
  evalItemSchema,
  type GrpoRecord,
  type SftRecord,
  sftRecordFromSample,
  taxonomyLeaves,
  VSE_ASSUMED_V1,
} from "@videosafety/safety-data";
import type { ClipPlan } from "../clips/clips-node.js";
import { createScene, type Scene } from "../clips/scene.js";
import type { LanguagePack } from "../languages/language-pack.js";
import { LANGUAGE_PACKS } from "../languages/language-packs.js";
import { createWorldRng, type WorldRng } from "../random/rng.js";
import { safetyLabels, taggedCompletion } from "./completions.js";
import { perhapsGarbled } from "./garble.js";
import {
  type Exchange,
  generalExchange,
  harmfulExchange,
  type Split,
  topicExchange,
  videoExchange,
} from "./samples.js";

const LEAVES = taxonomyLeaves(VSE_ASSUMED_V1);

/** Topics that a clip may show: child safety stays text only. */
export const MEDIA_TOPICS: readonly number[] = LEAVES.flatMap(({ subcategory }, i) =>
  subcategory.textOnly ? [] : [i],
);

/** One sample of the world, from which every record format is made. */
export interface WorldSample extends Exchange {
  /** Unique in its set. */
  readonly id: string;
  /** BCP-47 tag. */
  readonly language: string;
  /** The clip that comes with the query, or null for text only. */
  readonly clip: ClipPlan | null;
}

/** How many samples of each kind a set holds. */
export interface SampleCounts {
  /** Harmful video and harmful query. */
  readonly hh: number;
  /** Safe video and harmful query. */
  readonly sh: number;
  /** Harmful query without a video. */
  readonly harmfulText: number;
  /** Safe query with a safe video. */
  readonly safeQ: number;
  /** Safe query with a harmful video. */
  readonly safeQHarmfulVideo: number;
  /** Safe query without a video. */
  readonly safeText: number;
}

/** A set of samples and the clips they need. */
export interface WorldSet {
  /** Samples in a fixed, mixed order. */
  readonly samples: readonly WorldSample[];
  /** The clips, each once. */
  readonly clips: readonly ClipPlan[];
}

/** What {@link buildSet} takes. */
export interface SetOptions {
  /** Run seed. */
  readonly seed: number;
  /** Name of the set: part of ids and clip seeds, so two sets never share a clip. */
  readonly name: string;
  /** Which templates. */
  readonly split: Split;
  /** Samples of each kind. */
  readonly counts: SampleCounts;
  /** Samples that share a clip: above 1, fewer clips are encoded. Default 1. */
  readonly samplesPerClip?: number;
}

/** The default evaluation: 95 HH, 95 SH and 95 SafeQ items, each subcategory five times, each language evenly. */
export const DEFAULT_EVAL_COUNTS: SampleCounts = {
  hh: 95,
  sh: 95,
  harmfulText: 0,
  safeQ: 65,
  safeQHarmfulVideo: 30,
  safeText: 0,
};

/**
 * A training mixture of `total` samples, all combinations of labels present. Some two fifths of the queries are harmful:
 * with half of them, an unfamiliar safe wording that the model did not understand ended in a refusal too often.
 */
export function trainingCounts(total: number, textOnly = true): SampleCounts {
  const shares = textOnly ? [0.18, 0.12, 0.06, 0.33, 0.21, 0.1] : [0.24, 0.16, 0, 0.37, 0.23, 0];
  const [hh, sh, harmfulText, safeQ, safeQHarmfulVideo] = shares.map((share) => Math.round(share * total)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const rest = total - hh - sh - harmfulText - safeQ - safeQHarmfulVideo;
  return {
    hh,
    sh,
    harmfulText,
    safeQ: textOnly ? safeQ : safeQ + rest,
    safeQHarmfulVideo,
    safeText: textOnly ? rest : 0,
  };
}

/** Builds a set. Topics and languages go round, so that every subcategory and every language comes up equally often. */
export function buildSet(options: SetOptions): WorldSet {
  const { seed, name, split, counts } = options;
  const clips = new Map<string, ClipPlan>();
  const samples: WorldSample[] = [];
  const clipFor = (kind: "harmful" | "safe", index: number, topic: number | null): ClipPlan => {
    // Topics go round, so the samples that share a harmful clip are one round of topics apart.
    const round = topic === null ? 1 : LEAVES.length;
    const shared = Math.floor(index / (round * (options.samplesPerClip ?? 1)));
    const path = `${name}/${kind}-${topic === null ? "" : `${topic}-`}${shared}-s${seed}.mp4`;
    let clip = clips.get(path);
    if (!clip) {
      const rng = createWorldRng(seed, name, kind, shared);
      const objects = rng.integer(6) === 0 ? 2 : 1;
      clip = {
        path,
        scene: createScene(path, { hazard: topic, harmless: topic === null && rng.integer(3) === 0, objects }),
      };
      clips.set(path, clip);
    }
    return clip;
  };
  for (const [kind, count] of Object.entries(counts) as [keyof SampleCounts, number][]) {
    for (let i = 0; i < count; i++) {
      const rng = createWorldRng(seed, name, kind, i);
      const pack = LANGUAGE_PACKS[i % LANGUAGE_PACKS.length] as LanguagePack;
      const topic = i % LEAVES.length;
      const shown =
        kind === "hh" ? mediaTopic(topic, rng) : kind === "safeQHarmfulVideo" ? rng.pick(MEDIA_TOPICS) : null;
      const clip =
        kind === "harmfulText" || kind === "safeText" ? null : clipFor(shown === null ? "safe" : "harmful", i, shown);
      const harmful = kind === "hh" || kind === "sh" || kind === "harmfulText";
      const exchange = harmful
        ? harmfulExchange(pack, split, topic, rng)
        : safeExchange(pack, split, topic, clip?.scene ?? null, rng);
      const query = split === "train" ? perhapsGarbled(rng, exchange.query) : exchange.query;
      samples.push({ ...exchange, query, id: `${name}-${kind}-${i}`, language: pack.language, clip });
    }
  }
  return { samples: createWorldRng(seed, name, "order").shuffle(samples), clips: [...clips.values()] };
}

/** Items of an evaluation; `pathOf` turns a clip's relative path into the one written. */
export function evalItems(set: WorldSet, pathOf: (clip: ClipPlan) => string = (clip) => clip.path): EvalItem[] {
  return set.samples.map((sample) => {
    const labels = safetyLabels(sample.clip?.scene ?? null, sample.harm);
    const leaf = sample.topic === null ? null : LEAVES[sample.topic];
    return evalItemSchema.parse({
      id: sample.id,
      subset: sample.harm === null ? "SafeQ" : labels.visual ? "HH" : "SH",
      query: sample.query,
      video: sample.clip ? { path: pathOf(sample.clip) } : null,
      category: leaf?.category.id ?? null,
      subcategory: leaf?.subcategory.id ?? null,
      language: sample.language,
      labels,
      split: "held-out",
    });
  });
}

/** Records of stages 1 and 2: the good answer as plain text, with labels. */
export function sftRecords(set: WorldSet): SftRecord[] {
  return set.samples.map((sample) => sftRecord(sample, sample.answer));
}

/** Records of stage 3: the tagged completion with its reasoning. */
export function cotRecords(set: WorldSet): SftRecord[] {
  return set.samples.map((sample) => sftRecord(sample, referenceCompletion(sample)));
}

/** Records of stage 4. @throws RangeError for a text-only sample: the authors' format wants a video. */
export function grpoRecords(set: WorldSet): GrpoRecord[] {
  return set.samples.map((sample) => {
    if (sample.clip === null)
      throw new RangeError(`${sample.id}: expected a sample with a clip, found text only; build the set without text`);
    return {
      problem_id: sample.id,
      data_type: "video",
      path: sample.clip.path,
      problem: sample.query,
      problem_type: "free-form-and-choice",
      solution: referenceCompletion(sample),
    };
  });
}

/** The tagged reference completion of a sample. */
export function referenceCompletion(sample: WorldSample): string {
  return taggedCompletion(sample.clip?.scene ?? null, sample.harm, sample.answer);
}

function sftRecord(sample: WorldSample, answer: string): SftRecord {
  return sftRecordFromSample({
    media: sample.clip ? { type: "video", paths: [sample.clip.path] } : null,
    messages: [
      { role: "user", content: sample.clip ? `<video>${sample.query}` : sample.query },
      { role: "assistant", content: answer },
    ],
    labels: safetyLabels(sample.clip?.scene ?? null, sample.harm),
  });
}

/** The topic a harmful clip shows with a query: the same, or another one where the query's has no media. */
function mediaTopic(topic: number, rng: WorldRng): number {
  return MEDIA_TOPICS.includes(topic) ? topic : rng.pick(MEDIA_TOPICS);
}

function safeExchange(pack: LanguagePack, split: Split, topic: number, scene: Scene | null, rng: WorldRng): Exchange {
  const draw = rng.uniform();
  if (scene && draw < 0.4) return videoExchange(pack, split, scene, rng);
  return draw < 0.78 ? topicExchange(pack, split, topic, rng) : generalExchange(pack, split, rng);
}
