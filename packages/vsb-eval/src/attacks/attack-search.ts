import { createRng, type Rng } from "@videosafety/random";
import { VsbEvalError } from "../errors.js";
import type { Attack, AttackInput } from "./attack.js";
import { applyAttack } from "./attack.js";

/** A choice of parameters, each in [0, 1]. */
export type SearchPoint = Readonly<Record<string, number>>;

/** What {@link searchParameters} takes. */
export interface SearchOptions {
  /** Names of the parameters. */
  readonly dimensions: readonly string[];
  /** How well a choice serves the attacker, higher is better: minus a guard's score, say. One query each. */
  readonly score: (point: SearchPoint) => number | Promise<number>;
  /** Most queries. */
  readonly budget: number;
  /** `random`: independent draws; `evolution`: the best are kept and mutated. */
  readonly method: "random" | "evolution";
  /** Decides every draw. */
  readonly seed: number;
  /** Stop as soon as a score is above this. */
  readonly enough?: number;
  /** Stops the search. */
  readonly signal?: AbortSignal;
}

/** A choice with its score. */
export interface ScoredPoint {
  /** The parameters. */
  readonly point: SearchPoint;
  /** What `score` said. */
  readonly score: number;
}

/** What a search found. */
export interface SearchResult extends ScoredPoint {
  /** Every query, in order: `point` and `score` of the result are the best of them. */
  readonly tried: readonly ScoredPoint[];
  /** Whether `enough` was passed. */
  readonly succeeded: boolean;
}

/** Parents kept, and the first step of a mutation. */
const PARENTS = 4;
const STEP = 0.3;

/**
 * Searches an attack's parameters by scores alone, as an attacker without gradients does. The first half of an evolution's budget, at
 * most {@link PARENTS} times two, is random; after that a parent among the best is mutated by normal steps that shrink as the
 * budget is spent, reflected at 0 and 1 (a (mu + 1) evolution strategy).
 *
 * @throws {VsbEvalError} `invalid_input` for a budget below 1, no dimensions, or a score that is no number; whatever `score` throws
 */
export async function searchParameters(options: SearchOptions): Promise<SearchResult> {
  const { dimensions, budget, method, seed, enough = Number.POSITIVE_INFINITY, signal } = options;
  if (!(Number.isInteger(budget) && budget >= 1))
    throw new VsbEvalError("invalid_input", `expected a budget of at least one query, found ${budget}`);
  if (dimensions.length === 0)
    throw new VsbEvalError(
      "invalid_input",
      "expected parameters to search, found none: this attack has nothing to adapt",
    );
  const random = createRng(seed);
  const tried: ScoredPoint[] = [];
  const best: ScoredPoint[] = [];
  const warmUp = method === "random" ? budget : Math.min(2 * PARENTS, Math.ceil(budget / 2));
  while (tried.length < budget) {
    signal?.throwIfAborted();
    const point =
      tried.length < warmUp
        ? draw(dimensions, random)
        : mutate(best[random.integer(best.length)] as ScoredPoint, STEP * (1 - tried.length / budget) + 0.02, random);
    const score = await options.score(point);
    if (Number.isNaN(score)) throw new VsbEvalError("invalid_input", "expected a score that is a number, found NaN");
    tried.push({ point, score });
    best.push({ point, score });
    best.sort((a, b) => b.score - a.score);
    best.length = Math.min(best.length, PARENTS);
    if (score > enough) break;
  }
  const [first] = best as [ScoredPoint];
  return { ...first, tried, succeeded: first.score > enough };
}

const draw = (dimensions: readonly string[], random: Rng): SearchPoint =>
  Object.fromEntries(dimensions.map((name) => [name, random.uniform()]));

const reflect = (value: number): number => {
  const folded = Math.abs(value) % 2;
  return folded > 1 ? 2 - folded : folded;
};

const mutate = ({ point }: ScoredPoint, step: number, random: Rng): SearchPoint =>
  Object.fromEntries(Object.entries(point).map(([name, value]) => [name, reflect(value + step * random.normal())]));

/** What {@link searchAttack} takes. */
export interface AttackSearchOptions extends Omit<SearchOptions, "dimensions" | "score"> {
  /** The attack whose parameters are searched. */
  readonly attack: Attack;
  /** Its intensity: fixed, so that the attacks of a search are comparable with those that were drawn. */
  readonly intensity: number;
  /** What it is made of. */
  readonly input: AttackInput;
  /** The model's or the guard's reading of an attacked input: higher is better for the attacker. */
  readonly score: (attacked: AttackInput) => number | Promise<number>;
}

/** The best parameters of an attack on one item, within a budget of queries. */
export function searchAttack(options: AttackSearchOptions): Promise<SearchResult> {
  const { attack, intensity, input, score, ...rest } = options;
  return searchParameters({
    ...rest,
    dimensions: attack.parameters,
    score: (parameters) => score(applyAttack(attack, input, { intensity, seed: rest.seed, parameters })),
  });
}

/**
 * An attack with parameters that were searched for each item: an arm of its own, named `adaptive-NAME`.
 *
 * @param found parameters by the item's id; an item without an entry is attacked as the seed draws it
 * @param queries what each search asked, by the item's id, for the attacker's price in tables
 */
export function searchedAttack(
  attack: Attack,
  found: ReadonlyMap<string, SearchPoint>,
  queries?: ReadonlyMap<string, number>,
): Attack {
  return {
    ...attack,
    ...(queries === undefined ? {} : { queriesOf: (item: string) => queries.get(item) }),
    name: `adaptive-${attack.name}`,
    title: `${attack.title}; its parameters searched for each item`,
    apply: (input, settings) => {
      const parameters = settings.item === undefined ? undefined : found.get(settings.item);
      return attack.apply(input, parameters === undefined ? settings : { ...settings, parameters });
    },
  };
}
