/** The benchmark model in jax-js, jit-compiled: bench/training-step.ts written with its ops. Returns { run, ... } as step-worker.ts expects. */
import { registerWebWorkers } from "./web-worker-node.mjs";

/** @param {{ threads: number, batch: number, sequence: number }} options @param model shapes, weights and tokens shared with the other contenders */
export async function createJaxStep({ threads }, model) {
  registerWebWorkers(threads);
  const { blockUntilReady, defaultDevice, init, jit, nn, numpy: np, tree, valueAndGrad } = await import("@jax-js/jax");
  await init("wasm");
  defaultDevice("wasm");
  const { config: c, batch, sequence } = model;
  const tokens = batch * sequence;
  const constant = (data, shape, dtype) => np.array(data, dtype ? { dtype } : {}).reshape(shape);
  const linear = (x, w, b) => {
    const y = np.matmul(x, np.matrixTranspose(w));
    return b ? y.add(b) : y;
  };
  const rmsNorm = (x, w) => {
    const square = np.mean(x.ref.mul(x.ref), -1, { keepdims: true });
    return x.mul(np.reciprocal(np.sqrt(square.add(c.epsilon)))).mul(w);
  };
  // cos, sin [1, S, 1, hd/2]; x [B, S, heads, hd], halves rotated
  const rope = (x, cos, sin) => {
    const [a, b] = np.split(x, 2, -1);
    const first = a.ref.mul(cos.ref).sub(b.ref.mul(sin.ref));
    return np.concatenate([first, b.mul(cos).add(a.mul(sin))], -1);
  };
  const layer = (p, i, x, cos, sin) => {
    const w = (key) => p[`model.layers.${i}.${key}`].ref;
    const h = rmsNorm(x.ref, w("input_layernorm.weight"));
    const project = (key, heads) =>
      linear(h.ref, w(`self_attn.${key}.weight`), w(`self_attn.${key}.bias`)).reshape([
        batch,
        sequence,
        heads,
        c.headSize,
      ]);
    const q = rope(project("q_proj", c.heads), cos.ref, sin.ref);
    const k = rope(project("k_proj", c.kvHeads), cos, sin);
    const attended = nn.dotProductAttention(q, k, project("v_proj", c.kvHeads), { isCausal: true });
    h.dispose();
    const context = attended.reshape([tokens, c.heads * c.headSize]);
    const x1 = x.add(linear(context, w("self_attn.o_proj.weight")));
    const h1 = rmsNorm(x1.ref, w("post_attention_layernorm.weight"));
    const gate = nn.silu(linear(h1.ref, w("mlp.gate_proj.weight")));
    const inner = gate.mul(linear(h1, w("mlp.up_proj.weight")));
    return x1.add(linear(inner, w("mlp.down_proj.weight")));
  };
  // The look-up stays outside: jax-js cannot compile its gradient (scatter), which is a one-hot product below instead.
  const lossOf = ([p, embedded], targets, cos, sin) => {
    const embedding = p["model.embed_tokens.weight"];
    let x = embedded;
    for (let i = 0; i < c.layers; i++) x = layer(p, i, x, cos.ref, sin.ref);
    cos.dispose();
    sin.dispose();
    const h = rmsNorm(x, p["model.norm.weight"].ref);
    const logProbs = nn.logSoftmax(linear(h, embedding.ref), -1);
    const loss = np.sum(logProbs.mul(nn.oneHot(targets, c.vocabulary))).mul(-1 / tokens);
    tree.dispose(p);
    return loss;
  };
  const step = jit((p, m, v, scalars, ids, targets, cos, sin) => {
    const embedded = np.take(p["model.embed_tokens.weight"].ref, ids.ref, 0);
    const [loss, [gradients, dEmbedded]] = valueAndGrad(lossOf)([tree.ref(p), embedded], targets, cos, sin);
    const looked = np.matmul(np.matrixTranspose(nn.oneHot(ids, c.vocabulary)), dEmbedded);
    gradients["model.embed_tokens.weight"] = gradients["model.embed_tokens.weight"].add(looked);
    const [rate, epsilon] = np.split(scalars, 2, 0).map((s) => s.reshape([]));
    const next = { p: {}, m: {}, v: {} };
    for (const name of Object.keys(p)) {
      const g = gradients[name];
      const mi = m[name].mul(0.9).add(g.ref.mul(0.1));
      const vi = v[name].mul(0.999).add(g.ref.mul(g).mul(0.001));
      next.p[name] = p[name].mul(1 - 1e-3 * 0.01).sub(mi.ref.mul(rate.ref).div(np.sqrt(vi.ref).add(epsilon.ref)));
      next.m[name] = mi;
      next.v[name] = vi;
    }
    rate.dispose();
    epsilon.dispose();
    return [loss, next.p, next.m, next.v];
  });
  const zeros = () => Object.fromEntries(model.weights.map(({ name, shape }) => [name, np.zeros(shape)]));
  let p = Object.fromEntries(model.weights.map(({ name, shape, data }) => [name, constant(data, shape)]));
  let [m, v] = [zeros(), zeros()];
  const ids = constant(model.ids, [tokens], np.int32);
  const targets = constant(model.targets, [tokens], np.int32);
  const table = (data) => constant(data, [1, sequence, 1, c.headSize / 2]);
  const [cos, sin] = [table(model.cos), table(model.sin)];
  let count = 0;
  return {
    async run() {
      count++;
      const correction2 = Math.sqrt(1 - 0.999 ** count);
      const scalars = np.array([(1e-3 * correction2) / (1 - 0.9 ** count), 1e-8 * correction2]);
      let loss;
      [loss, p, m, v] = step(p, m, v, scalars, ids.ref, targets.ref, cos.ref, sin.ref);
      await blockUntilReady([p, m, v]);
      return (await loss.data())[0];
    },
  };
}
