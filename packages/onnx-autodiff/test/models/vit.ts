import {
  add,
  dim,
  geluTanh,
  layerNorm,
  linear,
  type Params,
  reshape,
  selfAttention,
  type Value,
} from "../../src/index.js";

/** A SigLIP-shaped vision encoder with learned positions and the checkpoint's tensor names; for tests. */
export interface VitConfig {
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly feedForward: number;
  readonly epsilon: number;
}

/** patches [B, N, patchSize] -> [B N, hidden]. */
export function vit(c: VitConfig, p: Params, patches: Value): Value {
  const [batch, count, patchSize] = [dim(patches.shape, 0), dim(patches.shape, 1), dim(patches.shape, 2)];
  const flat = (x: Value): Value => reshape(x, [batch * count, c.hidden]);
  const norm = (name: string, x: Value): Value =>
    layerNorm(x, p(`${name}.weight`, [c.hidden]), p(`${name}.bias`, [c.hidden]), c.epsilon);
  const embedded = linear(
    p,
    "embeddings.patch_embedding",
    reshape(patches, [batch * count, patchSize]),
    c.hidden,
    true,
  );
  let x = flat(
    add(reshape(embedded, [batch, count, c.hidden]), p("embeddings.position_embedding.weight", [count, c.hidden])),
  );
  for (let i = 0; i < c.layers; i++) {
    const name = `encoder.layers.${i}`;
    const h = norm(`${name}.layer_norm1`, x);
    const project = (key: string): Value =>
      reshape(linear(p, `${name}.self_attn.${key}`, h, c.hidden, true), [batch, count, c.hidden]);
    const context = flat(
      selfAttention(project("q_proj"), project("k_proj"), project("v_proj"), { heads: c.heads, causal: false }),
    );
    x = add(x, linear(p, `${name}.self_attn.out_proj`, context, c.hidden, true));
    const wide = geluTanh(linear(p, `${name}.mlp.fc1`, norm(`${name}.layer_norm2`, x), c.feedForward, true));
    x = add(x, linear(p, `${name}.mlp.fc2`, wide, c.hidden, true));
  }
  return norm("post_layernorm", x);
}
