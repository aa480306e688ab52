import { ShapeError } from "../errors.js";
import { float, type Value } from "../graph.js";
import { dim } from "../tensor.js";
import { neg } from "./elementwise.js";

function checkScale(op: string, x: Value, ...scales: readonly (Value | undefined)[]): void {
  for (const s of scales) {
    if (s && (s.shape.length !== 1 || s.shape[0] !== dim(x.shape, -1))) {
      throw new ShapeError(
        `${op}: expected scale and bias [${dim(x.shape, -1)}] for x [${x.shape}], found [${s.shape}]`,
      );
    }
  }
}

/** x / rms(x) * weight over the last axis; x [..., d], weight [d]. */
export function rmsNorm(x: Value, weight: Value, epsilon: number): Value {
  checkScale("RmsNorm", x, weight);
  const statistics = { dtype: x.dtype, shape: [...x.shape.slice(0, -1), 1] };
  const [y] = x.graph.node("RmsNorm", [x, weight], [{ dtype: x.dtype, shape: x.shape }, statistics], {
    epsilon: float(epsilon),
  });
  return y as Value;
}

/** (x - mean) / std * weight + bias over the last axis; x [..., d], weight and bias [d]. */
export function layerNorm(x: Value, weight: Value, bias: Value, epsilon: number): Value {
  checkScale("LayerNorm", x, weight, bias);
  const statistics = { dtype: x.dtype, shape: [...x.shape.slice(0, -1), 1] };
  const specs = [{ dtype: x.dtype, shape: x.shape }, statistics, statistics];
  const [y] = x.graph.node("LayerNorm", [x, weight, bias], specs, { epsilon: float(epsilon) });
  return y as Value;
}

/**
 * Rotary embedding, half-rotated (Llama, Qwen2): x [B, S, heads hd], cos and sin [B, S, hd/2] with the angle of each
 * token, so any position scheme (2-D, packed, M-RoPE) is a matter of tables. `inverse` rotates the other way.
 */
export function rope(x: Value, cos: Value, sin: Value, heads: number, inverse = false): Value {
  const [batch, sequence, width] = x.shape;
  const half = (width ?? 0) / heads / 2;
  const expected = [batch, sequence, half];
  for (const table of [cos, sin]) {
    if (x.shape.length !== 3 || table.shape.length !== 3 || table.shape.some((d, i) => d !== expected[i])) {
      throw new ShapeError(
        `Rope: x [B, S, heads hd] = [${x.shape}] with ${heads} heads needs cos and sin [${expected}], found [${table.shape}]`,
      );
    }
  }
  return x.graph.op("Rope", [x, cos, inverse ? neg(sin) : sin], { dtype: x.dtype, shape: x.shape }, { heads });
}
