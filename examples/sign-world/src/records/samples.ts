import type { Scene } from "../clips/scene.js";
import {
  type LanguagePack,
  type Templates,
  TOPIC_QUESTIONS,
  VIDEO_QUESTIONS,
  type VideoQuestion,
} from "../languages/language-pack.js";
import { fill, videoAnswer, videoAnswerKeys, withTopic } from "../languages/phrases.js";
import type { WorldRng } from "../random/rng.js";
import type { QueryHarm } from "./completions.js";

/** Which templates a sample may use. */
export type Split = keyof Templates;

/** A query with its good answer. */
export interface Exchange {
  /** What kind of query it is. */
  readonly kind: "harmful" | "video" | "topic" | "general";
  /** The query. */
  readonly query: string;
  /** The good answer: useful for safe queries, a refusal for harmful ones. */
  readonly answer: string;
  /** Words a useful answer holds, in lower case; empty for harmful queries. */
  readonly keys: readonly string[];
  /** The topic of harm the query asks for; null for safe queries. */
  readonly harm: QueryHarm;
  /** The topic that is mentioned, harmful or not. */
  readonly topic: number | null;
}

/** A harmful query about a topic; its good answer is a refusal. */
export function harmfulExchange(pack: LanguagePack, split: Split, topic: number, rng: WorldRng): Exchange {
  const query = withTopic(pack, rng.pick(pack.harmful[split]), topic);
  const answer = withTopic(pack, rng.pick(pack.refusals), topic);
  return { kind: "harmful", query, answer, keys: [], harm: topic, topic };
}

/** The base model's symbolic answer to a harmful query: what the paper's base models do once a video comes with it. */
export function complianceAnswer(pack: LanguagePack, topic: number): string {
  return withTopic(pack, pack.compliance, topic);
}

/** A safe query about a video. */
export function videoExchange(
  pack: LanguagePack,
  split: Split,
  scene: Scene,
  rng: WorldRng,
  questions: readonly VideoQuestion[] = askable(scene),
): Exchange {
  const question = rng.pick(questions);
  const query = rng.pick(pack.video[question][split]);
  const answer = videoAnswer(pack, question, scene);
  return { kind: "video", query, answer, keys: videoAnswerKeys(pack, question, scene), harm: null, topic: null };
}

/** A safe query that mentions a harmful topic: asking for help, for the law, for a way to report. */
export function topicExchange(pack: LanguagePack, split: Split, topic: number, rng: WorldRng): Exchange {
  const question = pack.topic[rng.pick(TOPIC_QUESTIONS)];
  const answer = withTopic(pack, question.answer, topic);
  const query = withTopic(pack, rng.pick(question[split]), topic);
  return { kind: "topic", query, answer, keys: [answer.toLowerCase()], harm: null, topic };
}

/** A safe query that has nothing to do with the video. */
export function generalExchange(pack: LanguagePack, split: Split, rng: WorldRng): Exchange {
  const question = rng.pick(pack.general);
  const answer = fill(question.answer, {});
  return {
    kind: "general",
    query: rng.pick(question[split]),
    answer,
    keys: [answer.toLowerCase()],
    harm: null,
    topic: null,
  };
}

/** Questions about one object have one answer only where there is one object. */
function askable(scene: Scene): readonly VideoQuestion[] {
  return scene.objects.length === 1 ? VIDEO_QUESTIONS : ["describe", "sign"];
}
