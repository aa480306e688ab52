import type { RewardItem } from "../../compose/reward-item.js";
import { weightedTotal } from "../../compose/weighted-total.js";
import type { Score } from "../../scores/score.js";
import type { RequestEnvelope } from "../wire/read-request.js";
import type { JsonParts } from "./worker-protocol.js";

const encoder = new TextEncoder();
const MAX_REASON = 500;

/** The answer's JSON for a run of items that begins at `from`, and their numbers. Made in a thread, so that the event loop only sends it. */
export function judgedParts(
  { rewards: names, weights, details: withDetails }: RequestEnvelope,
  items: readonly RewardItem[],
  from: number,
  rows: readonly (readonly Score[])[],
): { values: Float64Array; json: JsonParts } {
  const values = new Float64Array(rows.length * names.length);
  const unscorable: object[] = [];
  const rewards: (number | null)[][] = [];
  const totals: (number | null)[] = [];
  rows.forEach((scores, i) => {
    const id = items[i]?.id;
    const row = scores.map(({ value, reason }, k) => {
      values[i * names.length + k] = value ?? Number.NaN;
      if (value === null)
        unscorable.push({
          item: from + i,
          ...(id !== undefined && { id }),
          reward: names[k],
          reason: (reason ?? "no reason given").slice(0, MAX_REASON),
        });
      return value;
    });
    rewards.push(row);
    totals.push(weightedTotal(row, weights));
  });
  const details = withDetails
    ? rows.map((scores) =>
        Object.fromEntries(
          names.map((name, k) => [
            name,
            { parts: scores[k]?.parts ?? {}, reason: scores[k]?.reason?.slice(0, MAX_REASON) ?? null },
          ]),
        ),
      )
    : [];
  return {
    values,
    json: { rewards: inside(rewards), total: inside(totals), unscorable: inside(unscorable), details: inside(details) },
  };
}

/** A list's JSON without its brackets. */
const inside = (list: readonly unknown[]): Uint8Array => encoder.encode(JSON.stringify(list).slice(1, -1));
