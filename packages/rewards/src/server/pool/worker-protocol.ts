import type { SharedBody } from "@videosafety/endpoint/server";
import type { BatchScorerOptions } from "../../compose/batch-scorer.js";
import type { OverlongOptions } from "../../scores/overlong-penalty.js";
import type { RequestEnvelope, RequestKind, RequestLimits } from "../wire/read-request.js";
import type { ErrorResponse } from "../wire/wire.js";

/** What a worker thread is started with. */
export interface WorkerSettings {
  /** File URL of a module that exports `rewards` by name, or null. */
  readonly rewardModule: string | null;
  /** Options of the accuracy reward. */
  readonly accuracy: Readonly<Record<string, unknown>>;
  /** Options of the safe-completion reward. */
  readonly safeCompletion: BatchScorerOptions["safeCompletion"];
  /** Limits of the reward `overlong`, or null. */
  readonly overlong: OverlongOptions | null;
  /** Time an item's pausing reward may take. */
  readonly itemDeadlineMilliseconds: number;
  readonly limits: RequestLimits;
  /** One 32-bit slot: the index of the item whose rewards run now, or a value of `PHASE`. */
  readonly progress: SharedArrayBuffer;
}

/** Values of the progress slot that are not an index. */
export const PHASE = { idle: -1, waiting: -2, reading: -3 } as const;

/** A body in shared memory, and which contract it follows. */
export interface BodyReference extends SharedBody {
  readonly kind: RequestKind;
}

/** A body that a thread has looked through, with its items' places in shared memory. */
export interface OpenedBody {
  readonly body: BodyReference;
  readonly envelope: RequestEnvelope;
  /** Start and end of each item, 32 bits each; null where the items are made of the whole body. */
  readonly ranges: SharedArrayBuffer | null;
}

/** What a thread is asked to do; one at a time. */
export type WorkerTask =
  /** Look the body through. */
  | { readonly do: "open"; readonly body: BodyReference }
  /** Judge items [from, to). With a reason they are not judged but unscorable for it. */
  | {
      readonly do: "judge";
      readonly opened: OpenedBody;
      readonly from: number;
      readonly to: number;
      readonly reason: string | null;
    }
  /** Reward-hacking evidence over the whole request, from its rewards [items x rewards]; NaN = unscorable. */
  | { readonly do: "report"; readonly opened: OpenedBody; readonly values: Float64Array };

/** Parts of the answer's JSON for a run of items: the insides of its lists. */
export interface JsonParts {
  readonly rewards: Uint8Array;
  readonly total: Uint8Array;
  readonly unscorable: Uint8Array;
  readonly details: Uint8Array;
}

/** What a thread says. */
export type WorkerAnswer =
  | { readonly is: "ready"; readonly names: readonly string[] }
  | { readonly is: "opened"; readonly opened: OpenedBody }
  /** [items x rewards], row-major; NaN = unscorable. */
  | { readonly is: "judged"; readonly values: Float64Array; readonly json: JsonParts }
  | { readonly is: "reported"; readonly json: Uint8Array }
  | { readonly is: "refused"; readonly status: number; readonly error: ErrorResponse["error"] }
  /** A reward left something behind that failed when its score was no longer waited for. */
  | { readonly is: "stray"; readonly message: string };
