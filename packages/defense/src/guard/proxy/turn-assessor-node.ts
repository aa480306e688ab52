import { createHash } from "node:crypto";
import { type Assessment, watchTurns } from "@videosafety/alarm-tokens";
import { RequestError } from "@videosafety/endpoint/server";
import type { SamplePlan } from "@videosafety/video-sampler";
import { DefenseError } from "../../errors.js";
import type { EngineAssessment, GuardEngine, GuardInput } from "../engine/guard-engine.js";
import { readMedia } from "../media/read-media-node.js";
import type { ChatRequest, RequestTurn } from "../wire/chat-request.js";
import { createGate } from "./gate.js";
import type { ProxyOptions } from "./proxy-options.js";

/** What the guard says of one turn. */
export interface AssessedTurn {
  readonly assessment: EngineAssessment;
  /** Whether the same turn was assessed before, and this is what was said then. */
  readonly cached: boolean;
}

/** Assesses the turns of chat requests, within bounds. */
export interface TurnAssessor {
  /** Turns that are assessed or wait for it. */
  readonly waiting: number;
  /**
   * Assesses the turns that the options name, up to the first that raises the alarm.
   *
   * @returns null when there is nothing to assess (`textOnly`: "pass")
   * @throws RequestError for what lies with the request; anything else is a failure of the guard
   */
  assess(request: ChatRequest, signal: AbortSignal): Promise<readonly AssessedTurn[] | null>;
}

/** The key of a turn whose contents are all in the request; null where an address may show something else next time. */
function keyOf({ query, video }: RequestTurn): string | null {
  if (video?.some(({ url }) => !/^data:/i.test(url))) return null;
  const hash = createHash("sha256").update(JSON.stringify([query, video?.length ?? 0]));
  for (const { type, url } of video ?? []) hash.update(`\0${type}\0${url.length}\0`).update(url);
  return hash.digest("base64");
}

/** @param engine what assesses; @param plan which frames it was calibrated with. */
export function createTurnAssessor(
  engine: GuardEngine,
  plan: SamplePlan,
  options: Pick<
    ProxyOptions,
    "turns" | "textOnly" | "media" | "maxNewTurns" | "maxWaiting" | "assessTimeoutMilliseconds" | "cachedTurns"
  >,
): TurnAssessor {
  const { media, maxWaiting, cachedTurns, assessTimeoutMilliseconds } = options;
  const admitted = createGate({ running: maxWaiting + 1, waiting: 0 });
  const reading = createGate({ running: media.concurrency, waiting: maxWaiting + 1 });
  const asking = createGate({ running: 1, waiting: maxWaiting + 1 });
  const cache = new Map<string, EngineAssessment>();
  const remember = (key: string, assessment: EngineAssessment): void => {
    cache.set(key, assessment);
    if (cache.size > cachedTurns) cache.delete(cache.keys().next().value as string);
  };

  const inputOf = async ({ query, video }: RequestTurn, signal: AbortSignal): Promise<GuardInput> => ({
    query,
    videos: video === null ? [] : await reading.run(() => readMedia(video, plan, media, signal), signal),
  });
  const assessInput = async (input: GuardInput, signal: AbortSignal): Promise<EngineAssessment> => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(assessTimeoutMilliseconds)]);
    try {
      return await asking.run(() => engine.assess(input, { signal: limit }), limit);
    } catch (error) {
      if (!(error instanceof DefenseError && error.code === "invalid-input")) throw error;
      throw Object.assign(new RequestError(400, "unreadable_input", error.message), { cause: error });
    }
  };

  return {
    get waiting() {
      return admitted.held;
    },
    async assess({ turns }, signal) {
      const wanted = (options.turns === "last" ? turns.slice(-1) : turns).filter(
        ({ video }) => video !== null || options.textOnly === "assess",
      );
      if (wanted.length === 0) return null;
      const keys = wanted.map(keyOf);
      const fresh = keys.filter((key) => key === null || !cache.has(key)).length;
      if (fresh > options.maxNewTurns)
        throw new RequestError(
          413,
          "too_large",
          `expected at most ${options.maxNewTurns} turns that were not assessed before, found ${fresh}`,
        );
      const assessTurns = async (): Promise<AssessedTurn[]> => {
        const assessed: AssessedTurn[] = [];
        let cached = false;
        const guard = {
          // What a cascade's first tier decides has no probabilities; watchTurns looks at the verdict alone.
          assess: async (load: () => Promise<EngineAssessment>): Promise<Assessment> => (await load()) as Assessment,
        };
        const input = (turn: RequestTurn) => async (): Promise<EngineAssessment> => {
          const key = keys[wanted.indexOf(turn)] ?? null;
          const known = key === null ? undefined : cache.get(key);
          cached = known !== undefined;
          if (known !== undefined) return known;
          const assessment = await assessInput(await inputOf(turn, signal), signal);
          if (key !== null) remember(key, assessment);
          return assessment;
        };
        for await (const turn of watchTurns(guard, wanted, { input, signal })) {
          assessed.push({ assessment: turn.assessment as EngineAssessment, cached });
          if (turn.raisedSoFar) break;
        }
        return assessed;
      };
      return admitted.run(assessTurns, signal);
    },
  };
}
