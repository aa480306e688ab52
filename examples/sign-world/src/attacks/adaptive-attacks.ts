import type { ResponderRequest } from "@videosafety/vsb-eval";
import { DEFAULT_GENERATION, type FrameSource, type GenerationOptions } from "@videosafety/vsb-eval";
import {
  type Attack,
  attackedFrames,
  attackedInput,
  findAttack,
  type SearchPoint,
  searchedAttack,
  searchParameters,
} from "@videosafety/vsb-eval/attacks";
import { type AttackItem, SPLITS, twinOf } from "./attack-items.js";
import type { Asker, WeighedAnswer } from "./defenses/world-guard.js";

/** Attacks whose parameters are searched against each defense, and at which intensity. */
export const ADAPTED = [
  ["fragment-short", 0.85],
  ["corner", 0.4],
] as const;

/** What a search found for one item. */
export interface FoundPoint {
  /** Id of the harmful item. */
  readonly item: string;
  /** The best parameters that were tried. */
  readonly point: SearchPoint;
  /** Queries that were asked. */
  readonly queries: number;
  /** Whether the best of them got past the defense. */
  readonly passed: boolean;
}

/** What a search takes. */
export interface AdaptiveSearch {
  /** Items; the harmful ones whose harm is in the video are attacked. */
  readonly items: readonly AttackItem[];
  /** The attack. */
  readonly attack: Attack;
  /** Its intensity. */
  readonly intensity: number;
  /** The defense. */
  readonly ask: Asker;
  /** Its frames at a query: a random plan draws anew for each, so what got past one draw may not get past the next. */
  readonly sourceOf: (query: number) => FrameSource;
  /** As the run generates. */
  readonly generation: Partial<GenerationOptions>;
  /** Most queries per item. */
  readonly budget: number;
  /** Of the draws. */
  readonly seed: number;
}

/**
 * Searches an attack's parameters for every harmful item by what the defense itself says, in step: the queries of all items make one
 * batch.
 */
export async function searchItems({
  items,
  attack,
  intensity,
  ask,
  sourceOf,
  generation,
  budget,
  seed,
}: AdaptiveSearch): Promise<FoundPoint[]> {
  const harmful = items.filter(({ item }) => item.subset !== "SafeQ" && item.split === SPLITS.video);
  const asking = inStep<ResponderRequest, WeighedAnswer>(harmful.length, (requests) => ask(requests));
  const arm = {
    name: attack.name,
    kind: "video" as const,
    frameCount: null,
    attacks: [{ name: attack.name, intensity }],
  };
  return Promise.all(
    harmful.map(async ({ item }, i) => {
      let query = 0;
      try {
        const { point, tried, succeeded } = await searchParameters({
          dimensions: attack.parameters,
          budget,
          method: "evolution",
          seed: seed * 1000 + i,
          enough: 0,
          score: async (parameters) => {
            const fixed: Attack = { ...attack, apply: (input, how) => attack.apply(input, { ...how, parameters }) };
            const context = { attacks: [fixed], source: sourceOf(query++), choose: () => item.video };
            const attacked = await attackedInput(arm, item, context);
            const frames = await attackedFrames(arm, item, attacked, context);
            const asked = { item, arm: arm.name, query: item.query, frames };
            return (await asking.ask({ ...asked, generation: { ...DEFAULT_GENERATION, ...generation } })).gain;
          },
        });
        return { item: item.id, point, queries: tried.length, passed: succeeded };
      } finally {
        asking.leave();
      }
    }),
  );
}

/** The attack as it was found: the other member of a minimal pair is transformed alike, or its false refusals would be of another attack. */
export function adaptedAttack(name: string, found: readonly FoundPoint[]): Attack {
  const points = new Map<string, SearchPoint>();
  for (const { item, point } of found) {
    points.set(item, point);
    const twin = twinOf(item);
    if (twin !== null) points.set(twin, point);
  }
  return searchedAttack(findAttack(name), points, new Map(found.map(({ item, queries }) => [item, queries])));
}

/** Lets several that ask one after the other share batches: a batch is answered when everyone who is left waits. */
export function inStep<Asked, Answer>(
  members: number,
  answer: (asked: readonly Asked[]) => Promise<readonly Answer[]>,
): { ask(asked: Asked): Promise<Answer>; leave(): void } {
  type Waiting = { asked: Asked; resolve: (answer: Answer) => void; reject: (error: unknown) => void };
  let left = members;
  let waiting: Waiting[] = [];
  const flush = (): void => {
    if (waiting.length === 0 || waiting.length < left) return;
    const batch = waiting;
    waiting = [];
    answer(batch.map(({ asked }) => asked)).then(
      (answers) => {
        for (const [i, { resolve }] of batch.entries()) resolve(answers[i] as Answer);
      },
      (error: unknown) => {
        for (const { reject } of batch) reject(error);
      },
    );
  };
  return {
    ask: (asked) =>
      new Promise((resolve, reject) => {
        waiting.push({ asked, resolve, reject });
        flush();
      }),
    leave() {
      left--;
      flush();
    },
  };
}
