import { AlarmShapeError, NonFiniteError } from "../errors.js";
import type { AttentionWeights } from "../model/hidden-state-model.js";
import type { AlarmPositions } from "../placement/alarm-positions.js";
import type { PromptPart } from "./alarm-attention.js";

/** What one head of one layer lets the alarm tokens see of one part of the sequence. */
export interface AttentionShare {
  /** From 1, as in `AttentionWeights`. */
  readonly layer: number;
  /** From 0. */
  readonly head: number;
  /** Name of the part; "other" for what no part covers. */
  readonly part: string;
  /** Share of the visual alarm's attention that goes there; over the parts it sums to 1. */
  readonly visual: number;
  /** Of the textual alarm's. */
  readonly textual: number;
  /** The shares if all tokens that an alarm sees were looked at alike: what a part gets by its length alone. */
  readonly even: { readonly visual: number; readonly textual: number };
}

/**
 * Splits each alarm token's attention over the parts of one sample, for every layer and head. Segments of one name are one
 * part (the frames of a video, say, between which times are written). Tokens after an alarm are not seen by it.
 *
 * @param layers `[heads, S, S]` each, as `HiddenStateModel.attentionWeights` gives them
 * @throws AlarmShapeError when sizes do not fit or parts overlap; NonFiniteError for weights that are not numbers.
 */
export function attentionShares(
  layers: readonly AttentionWeights[],
  positions: AlarmPositions,
  parts: readonly PromptPart[],
): AttentionShare[] {
  return layers.flatMap(({ layer, data, dims }) => {
    const [heads = 0, length = 0, keys = 0] = dims;
    if (dims.length !== 3 || length !== keys || heads * length * keys !== data.length) {
      throw new AlarmShapeError(
        `expected attention [heads, S, S] in layer ${layer}, found [${dims}] with ${data.length} values`,
      );
    }
    const partOf = partOfEachToken(parts, length);
    const names = [...new Set([...parts.map(({ name }) => name), ...partOf])];
    const shareOf = (weight: (token: number) => number, last: number): Map<string, number> => {
      const sums = new Map(names.map((name) => [name, 0]));
      for (let token = 0; token <= last; token++) {
        const name = partOf[token] as string;
        sums.set(name, (sums.get(name) as number) + weight(token));
      }
      return sums;
    };
    const evenly = (position: number): Map<string, number> => shareOf(() => 1 / (position + 1), position);
    const read = (head: number, position: number): Map<string, number> => {
      if (!(Number.isInteger(position) && position >= 0 && position < length)) {
        throw new AlarmShapeError(`expected alarm tokens in [0, ${length}), found ${position}`);
      }
      return shareOf((token) => {
        const weight = data[(head * length + position) * length + token] as number;
        if (!Number.isFinite(weight)) {
          throw new NonFiniteError(
            `expected finite attention, found ${weight} at layer ${layer}, head ${head}, token ${token}; check the model`,
          );
        }
        return weight;
      }, position);
    };
    const even = { visual: evenly(positions.visual), textual: evenly(positions.textual) };
    return Array.from({ length: heads }, (_, head) => {
      const seen = { visual: read(head, positions.visual), textual: read(head, positions.textual) };
      return names.map((part) => ({
        layer,
        head,
        part,
        visual: seen.visual.get(part) as number,
        textual: seen.textual.get(part) as number,
        even: { visual: even.visual.get(part) as number, textual: even.textual.get(part) as number },
      }));
    }).flat();
  });
}

/**
 * The mean over samples of shares by layer, head and part. A part that a sample lacks counts as 0 there.
 *
 * @throws AlarmShapeError without samples.
 */
export function meanAttentionShares(samples: readonly (readonly AttentionShare[])[]): AttentionShare[] {
  if (samples.length === 0) throw new AlarmShapeError("expected the shares of at least one sample, found none");
  const means = new Map<string, AttentionShare>();
  for (const share of samples.flat()) {
    const { layer, head, part } = share;
    const key = JSON.stringify([layer, head, part]);
    const mean = means.get(key) ?? { layer, head, part, visual: 0, textual: 0, even: { visual: 0, textual: 0 } };
    means.set(key, {
      ...mean,
      visual: mean.visual + share.visual / samples.length,
      textual: mean.textual + share.textual / samples.length,
      even: {
        visual: mean.even.visual + share.even.visual / samples.length,
        textual: mean.even.textual + share.even.textual / samples.length,
      },
    });
  }
  return [...means.values()];
}

function partOfEachToken(parts: readonly PromptPart[], length: number): string[] {
  const part: (string | undefined)[] = Array.from({ length });
  for (const { name, start, end } of parts) {
    if (!(0 <= start && start <= end && end <= length)) {
      throw new AlarmShapeError(`expected part ${name} inside [0, ${length}), found [${start}, ${end})`);
    }
    for (let token = start; token < end; token++) {
      if (part[token] !== undefined) {
        throw new AlarmShapeError(`expected parts apart, found ${part[token]} and ${name} both at token ${token}`);
      }
      part[token] = name;
    }
  }
  return part.map((name) => name ?? "other");
}
