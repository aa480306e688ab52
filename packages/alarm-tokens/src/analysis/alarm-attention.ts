import { AlarmShapeError, NonFiniteError } from "../errors.js";
import type { AlarmPositions } from "../placement/alarm-positions.js";

/** A named stretch of the sequence, [start, end). */
export interface PromptPart {
  /** E.g. "system", "video", "query", "answer". */
  readonly name: string;
  /** First token. */
  readonly start: number;
  /** One past the last token. */
  readonly end: number;
}

/** Attention mass between a part and the alarm tokens, mean over heads. */
export interface AlarmAttention {
  /** The part. */
  readonly part: string;
  /** Share of each alarm token's attention that goes to the part. */
  readonly fromAlarm: { readonly visual: number; readonly textual: number };
  /** Share of the part's attention (mean over its tokens) that goes to each alarm token; 0 for an empty part. */
  readonly toAlarm: { readonly visual: number; readonly textual: number };
}

/**
 * What the alarm tokens look at, and who looks at them, from one layer's attention weights [heads, S, S] (rows sum to 1).
 *
 * @throws AlarmShapeError when sizes do not fit; NonFiniteError.
 */
export function alarmAttention(
  attention: { readonly data: ArrayLike<number>; readonly dims: readonly number[] },
  positions: AlarmPositions,
  parts: readonly PromptPart[],
): AlarmAttention[] {
  const [heads = 0, length = 0, keys = 0] = attention.dims;
  if (attention.dims.length !== 3 || length !== keys || heads * length * keys !== attention.data.length) {
    throw new AlarmShapeError(
      `expected attention [heads, S, S], found [${attention.dims}] with ${attention.data.length} values`,
    );
  }
  for (const position of [positions.visual, positions.textual]) {
    if (!(Number.isInteger(position) && position >= 0 && position < length)) {
      throw new AlarmShapeError(
        `expected alarm positions in [0, ${length}), found ${position}; find them with findAlarmPositions`,
      );
    }
  }
  if (!Array.prototype.every.call(attention.data, Number.isFinite)) {
    throw new NonFiniteError("expected finite attention, found NaN or infinity; check the model");
  }
  const weight = (row: number, column: number): number => {
    let sum = 0;
    for (let h = 0; h < heads; h++) sum += attention.data[(h * length + row) * length + column] as number;
    return sum / heads;
  };
  return parts.map(({ name, start, end }) => {
    if (!(0 <= start && start <= end && end <= length)) {
      throw new AlarmShapeError(`expected part ${name} inside [0, ${length}), found [${start}, ${end})`);
    }
    const tokens = Array.from({ length: end - start }, (_, i) => start + i);
    const sum = (of: (token: number) => number): number => tokens.reduce((total, token) => total + of(token), 0);
    const mean = (of: (token: number) => number): number => (tokens.length === 0 ? 0 : sum(of) / tokens.length);
    return {
      part: name,
      fromAlarm: {
        visual: sum((token) => weight(positions.visual, token)),
        textual: sum((token) => weight(positions.textual, token)),
      },
      toAlarm: {
        visual: mean((token) => weight(token, positions.visual)),
        textual: mean((token) => weight(token, positions.textual)),
      },
    };
  });
}
