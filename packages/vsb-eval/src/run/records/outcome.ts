import type { Json } from "../../content-key.js";
import type { Verdict } from "../../judge/verdict.js";
import type { GenerationOptions, Usage } from "../responder.js";

/**
 * How a request ended. Only `answered` units are scored, and `truncated` ones where what is there decides. `blocked`: withheld by the provider's filter; `truncated`:
 * cut by the token limit; `error`: no answer came; `judge_failed`: an answer came, no verdict did.
 */
export type Outcome = "answered" | "blocked" | "truncated" | "error" | "judge_failed";

/** The outcomes in the order reports print them. */
export const OUTCOMES: readonly Outcome[] = ["answered", "blocked", "truncated", "error", "judge_failed"];

/** One cell of a run: an item, under an arm, for an epoch (0 unless the run samples several times). */
export interface Unit {
  /** Id of the item. */
  readonly item: string;
  /** Name of the arm. */
  readonly arm: string;
  /** Repetition, from 0. */
  readonly epoch: number;
  /** A question about the item beside its query; left out for the query itself. */
  readonly probe?: "comprehension";
}

/** A stored answer, addressed by content: see `responseKey`. */
export interface ResponseRecord {
  /** Record type in the store. */
  readonly kind: "response";
  /** SHA-256 of everything that decides the answer. */
  readonly key: string;
  /** How the request ended. */
  readonly outcome: Exclude<Outcome, "judge_failed">;
  /** The completion, tags included; "" when none came. */
  readonly text: string;
  /** Reasoning that the server gave apart from the text. */
  readonly reasoning?: string;
  /** Token counts where known. */
  readonly usage?: Usage;
  /** Frames shown; 0 in the text arm. */
  readonly frames: number;
  /** What went wrong, for `error`. */
  readonly error?: { readonly code: string; readonly message: string };
  /** How often the server was asked, when more than once. */
  readonly attempts?: number;
}

/** Says that a unit's answer is the response with this key. */
export interface UnitRecord extends Unit {
  /** Record type in the store. */
  readonly kind: "unit";
  /** Which configuration asked: model, generation, sampling. */
  readonly run: string;
  /** Key of the response. */
  readonly response: string;
  /** {@link itemFingerprint} of the item that was asked. */
  readonly itemHash: string;
}

/** Says what a run is: written before its first unit. */
export interface RunRecord {
  /** Record type in the store. */
  readonly kind: "run";
  /** Id of the run: the hash of the members below. */
  readonly run: string;
  /** `Responder.id`. */
  readonly responder: string;
  /** How answers were generated. */
  readonly generation: GenerationOptions;
  /** `FrameSource.parameters`; null when every arm is text. */
  readonly sampling: Json;
}

/** A stored verdict, addressed by content: see `verdictKey`. */
export interface VerdictRecord {
  /** Record type in the store. */
  readonly kind: "verdict";
  /** SHA-256 of judge, question, policy and answer. */
  readonly key: string;
  /** Key of the response that was judged. */
  readonly response: string;
  /** Id of the judge. */
  readonly judge: string;
  /** The verdict; null when the judge failed. */
  readonly verdict: Verdict | null;
  /** What went wrong, when the judge failed. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** One line of a store. */
export type StoreRecord = RunRecord | ResponseRecord | UnitRecord | VerdictRecord;
