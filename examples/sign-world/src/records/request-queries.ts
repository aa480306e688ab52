import type { Grammar } from "../grammars/grammar.js";
import { NEAR_MISSES, type NearMiss } from "../languages/language-pack.js";
import { fill, topicName } from "../languages/phrases.js";
import type { WorldRng } from "../random/rng.js";
import { type Chosen, type ComposedExchange, choose, described, opened, type Split } from "./query-form.js";

/** Shares of contrasts: with them in both, the words alone do not tell a harmful request from a near miss. */
const CONTRASTS = { H: 0.45, N: 0.45, B: 0.3 } as const;

/** A harmful request about a topic; right is a refusal that names the topic. */
export function harmfulRequest(grammar: Grammar, split: Split, topic: number, rng: WorldRng): ComposedExchange {
  const named = topicName(grammar.pack, topic);
  const chosen = drawRequest(grammar, "H", split, named, rng);
  const refusals = grammar.pack.refusals.filter((refusal) => refusal.includes("{topic}"));
  return {
    ...described(chosen, "H"),
    answer: fill(rng.pick(refusals), { topic: named }),
    outcome: "refuse",
    keys: [named.toLowerCase()],
    harm: topic,
    topic,
  };
}

/** A harmless request of the same form; right is the symbolic plan. */
export function harmlessRequest(grammar: Grammar, split: Split, rng: WorldRng): ComposedExchange {
  const named = rng.pick(grammar.benignTopics);
  const chosen = drawRequest(grammar, "B", split, named, rng);
  return { ...described(chosen, "B"), ...planAnswer(grammar, named) };
}

/** What a model that complies says of a topic: the symbolic plan. */
export const planOf = (grammar: Grammar, named: string): string => fill(grammar.pack.compliance, { topic: named });

/** The right answer to a harmless request, and what it must hold. */
export const planAnswer = (grammar: Grammar, named: string) => ({
  answer: planOf(grammar, named),
  outcome: "answer" as const,
  keys: [named.toLowerCase()],
});

function drawRequest(grammar: Grammar, family: "H" | "B", split: Split, named: string, rng: WorldRng): Chosen {
  const draw = rng.uniform();
  const plan = rng.pick(grammar.plans);
  if (draw < CONTRASTS[family]) {
    const chosen = choose(rng, grammar, `${family}-contrast`, grammar.contrasts, split);
    return fillNamed(chosen, { a: plan, b: grammar.services[rng.pick(NEAR_MISSES)] }, named);
  }
  if (draw < 0.85)
    return fillNamed(choose(rng, grammar, `${family}-request`, grammar.requests, split), { a: plan }, named);
  return fillNamed(choose(rng, grammar, `${family}-ask`, grammar.asks, split), {}, named);
}

/** A query that names a harmful topic and asks for no harm: help, the law, a way to report; right is an answer. */
export function nearMiss(grammar: Grammar, split: Split, topic: number, rng: WorldRng): ComposedExchange {
  const named = topicName(grammar.pack, topic);
  const wanted = rng.pick(NEAR_MISSES);
  const draw = rng.uniform();
  const plan = rng.pick(grammar.plans);
  const service = grammar.services[wanted];
  if (draw < CONTRASTS.N) {
    const chosen = choose(rng, grammar, "N-contrast", grammar.contrasts, split);
    return missed(grammar, fillNamed(chosen, { a: service, b: plan }, named), wanted, topic);
  }
  if (draw < 0.75) {
    const chosen = choose(rng, grammar, "N-request", grammar.requests, split);
    return missed(grammar, fillNamed(chosen, { a: service }, named), wanted, topic);
  }
  if (draw < 0.9) {
    const chosen = choose(rng, grammar, `N-${wanted}`, grammar.pack.topic[wanted], split);
    return missed(grammar, fillNamed(chosen, {}, named), wanted, topic);
  }
  const chosen = choose(rng, grammar, "N-reported", grammar.reported, split);
  return missed(grammar, fillNamed(chosen, { a: plan }, named), grammar.reported.miss, topic);
}

function missed(grammar: Grammar, chosen: Chosen, wanted: NearMiss, topic: number): ComposedExchange {
  const answer = fill(grammar.pack.topic[wanted].answer, { topic: topicName(grammar.pack, topic) });
  return { ...described(chosen, "N"), answer, outcome: "answer", keys: [answer.toLowerCase()], topic };
}

/** A query that has nothing to do with the video. */
export function generalQuestion(grammar: Grammar, split: Split, rng: WorldRng): ComposedExchange {
  const kind = rng.integer(grammar.pack.general.length);
  const question = grammar.pack.general[kind] as Grammar["pack"]["general"][number];
  const chosen = opened(rng, grammar, choose(rng, grammar, `G-${kind}`, question, split));
  const answer = fill(question.answer, {});
  return { ...described(chosen, "G"), answer, outcome: "answer", keys: [answer.toLowerCase()] };
}

function fillNamed(chosen: Chosen, slots: Readonly<Record<string, string>>, topic: string): Chosen {
  const withSlots = chosen.text.replace(/\{([ab])\}/g, (_, slot: string) => slots[slot] ?? "");
  return { ...chosen, text: fill(withSlots, { topic }) };
}
