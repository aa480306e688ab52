import {
  add,
  type LoraSpec,
  linear,
  mul,
  type Params,
  reshape,
  rmsNorm,
  rope,
  selfAttention,
  silu,
  type Value,
} from "../../src/index.js";

/** A Qwen2-shaped decoder, with the checkpoint's tensor names; for tests and benchmarks. */
export interface DecoderConfig {
  readonly vocabulary: number;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly feedForward: number;
  readonly epsilon: number;
  readonly chunk: number;
  readonly checkpoint: boolean;
}
/** cos, sin [B, S, headSize / 2]; an additive mask [1, 1, S, S] replaces plain causality. */
export interface DecoderInputs {
  readonly batch: number;
  readonly sequence: number;
  readonly cos: Value;
  readonly sin: Value;
  readonly mask?: Value;
}

function layer(c: DecoderConfig, p: Params, name: string, x: Value, io: DecoderInputs, lora?: LoraSpec): Value {
  const { batch, sequence } = io;
  const [wide, narrow] = [c.heads * c.headSize, c.kvHeads * c.headSize];
  const h = rmsNorm(x, p(`${name}.input_layernorm.weight`, [c.hidden]), c.epsilon);
  const project = (key: string, size: number): Value =>
    reshape(linear(p, `${name}.self_attn.${key}`, h, size, true, lora), [batch, sequence, size]);
  const q = rope(project("q_proj", wide), io.cos, io.sin, c.heads);
  const k = rope(project("k_proj", narrow), io.cos, io.sin, c.kvHeads);
  const attended = selfAttention(q, k, project("v_proj", narrow), {
    heads: c.heads,
    kvHeads: c.kvHeads,
    mask: io.mask,
    chunk: c.chunk,
  });
  const context = reshape(attended, [batch * sequence, wide]);
  const x1 = add(x, linear(p, `${name}.self_attn.o_proj`, context, c.hidden, false, lora));
  const h1 = rmsNorm(x1, p(`${name}.post_attention_layernorm.weight`, [c.hidden]), c.epsilon);
  const gate = linear(p, `${name}.mlp.gate_proj`, h1, c.feedForward, false, lora);
  const up = linear(p, `${name}.mlp.up_proj`, h1, c.feedForward, false, lora);
  return add(x1, linear(p, `${name}.mlp.down_proj`, mul(silu(gate), up), c.hidden, false, lora));
}

/** Token states [B S, hidden] -> normalised hidden states [B S, hidden]. */
export function decoder(c: DecoderConfig, p: Params, x: Value, io: DecoderInputs, lora?: LoraSpec): Value {
  let h = x;
  for (let i = 0; i < c.layers; i++) {
    const body = (y: Value): Value => layer(c, p, `model.layers.${i}`, y, io, lora);
    h = c.checkpoint ? (h.graph.region([h], (y) => [body(y as Value)])[0] as Value) : body(h);
  }
  return rmsNorm(h, p("model.norm.weight", [c.hidden]), c.epsilon);
}
