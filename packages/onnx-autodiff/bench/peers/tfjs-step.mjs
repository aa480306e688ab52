/** The benchmark model in tfjs on its wasm backend (SIMD, one thread: its threaded build needs a browser). Adam without decoupled decay. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);

/** @param _options unused @param model shapes, weights and tokens shared with the other contenders */
export async function createTfjsStep(_options, model) {
  const tf = require("@tensorflow/tfjs-core");
  require("@tensorflow/tfjs-core/dist/register_all_gradients.js"); // fills the registry both builds share
  const { setWasmPaths } = require("@tensorflow/tfjs-backend-wasm");
  setWasmPaths(`${dirname(require.resolve("@tensorflow/tfjs-backend-wasm/package.json"))}${join("/", "dist", "/")}`);
  await tf.setBackend("wasm");
  const { config: c, batch, sequence } = model;
  const tokens = batch * sequence;
  const p = Object.fromEntries(
    model.weights.map(({ name, shape, data }) => [name, tf.variable(tf.tensor(data, shape), true, name)]),
  );
  const half = c.headSize / 2;
  const [cos, sin] = [model.cos, model.sin].map((t) => tf.tensor(t, [1, sequence, 1, half]));
  const ids = tf.tensor1d(model.ids, "int32");
  // The wasm backend has no kernel for a look-up's gradient (UnsortedSegmentSum): a one-hot product instead.
  const lookUp = tf.customGrad((table) => ({
    value: tf.gather(table, ids),
    gradFunc: (dy) => tf.matMul(tf.cast(tf.oneHot(ids, c.vocabulary), "float32"), dy, true, false),
  }));
  const targets = tf.cast(tf.oneHot(tf.tensor1d(model.targets, "int32"), c.vocabulary), "float32");
  const mask = tf.tensor2d(
    Float32Array.from({ length: sequence ** 2 }, (_, i) => (i % sequence > Math.floor(i / sequence) ? -1e9 : 0)),
    [sequence, sequence],
  );
  const linear = (x, key, bias) => {
    const y = tf.matMul(x, p[`${key}.weight`], false, true);
    return bias ? tf.add(y, p[`${key}.bias`]) : y;
  };
  const rmsNorm = (x, key) =>
    tf.mul(tf.mul(x, tf.div(1, tf.sqrt(tf.add(tf.mean(tf.mul(x, x), -1, true), c.epsilon)))), p[key]);
  const rope = (x) => {
    const [a, b] = tf.split(x, 2, -1);
    return tf.concat([tf.sub(tf.mul(a, cos), tf.mul(b, sin)), tf.add(tf.mul(b, cos), tf.mul(a, sin))], -1);
  };
  const layer = (name, x) => {
    const h = rmsNorm(x, `${name}.input_layernorm.weight`);
    const project = (key, heads) =>
      tf.reshape(linear(h, `${name}.self_attn.${key}`, true), [batch, sequence, heads, c.headSize]);
    const group = c.heads / c.kvHeads;
    const q = tf.transpose(rope(project("q_proj", c.heads)), [0, 2, 1, 3]);
    // heads [kv, group] of a query are folded into rows, so keys and values are not repeated
    const folded = tf.reshape(q, [batch, c.kvHeads, group * sequence, c.headSize]);
    const k = tf.transpose(rope(project("k_proj", c.kvHeads)), [0, 2, 1, 3]);
    const v = tf.transpose(project("v_proj", c.kvHeads), [0, 2, 1, 3]);
    const scores = tf.reshape(tf.matMul(folded, k, false, true), [batch, c.heads, sequence, sequence]);
    const masked = tf.softmax(tf.add(tf.mul(scores, 1 / Math.sqrt(c.headSize)), mask));
    const products = tf.matMul(tf.reshape(masked, [batch, c.kvHeads, group * sequence, sequence]), v);
    const attended = tf.transpose(tf.reshape(products, q.shape), [0, 2, 1, 3]);
    const context = tf.reshape(attended, [tokens, c.heads * c.headSize]);
    const x1 = tf.add(x, linear(context, `${name}.self_attn.o_proj`, false));
    const h1 = rmsNorm(x1, `${name}.post_attention_layernorm.weight`);
    const gate = linear(h1, `${name}.mlp.gate_proj`, false);
    const inner = tf.mul(tf.mul(gate, tf.sigmoid(gate)), linear(h1, `${name}.mlp.up_proj`, false));
    return tf.add(x1, linear(inner, `${name}.mlp.down_proj`, false));
  };
  const loss = () => {
    let x = lookUp(p["model.embed_tokens.weight"]);
    for (let i = 0; i < c.layers; i++) x = layer(`model.layers.${i}`, x);
    const h = rmsNorm(x, "model.norm.weight");
    const logits = tf.matMul(h, p["model.embed_tokens.weight"], false, true);
    return tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits), targets), -1)));
  };
  const optimizer = tf.train.adam(1e-3);
  return {
    async run() {
      const value = optimizer.minimize(loss, true);
      const [result] = await value.data();
      value.dispose();
      return result;
    },
  };
}
