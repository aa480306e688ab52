import { geluErf, geluTanh, mul, sigmoid, silu, type Value } from "@videosafety/onnx-autodiff";
import type { Activation } from "../config/activation.js";

const FUNCTIONS: Readonly<Record<Activation, (x: Value) => Value>> = {
  silu,
  gelu: geluErf,
  gelu_pytorch_tanh: geluTanh,
  quick_gelu: (x) => mul(x, sigmoid(mul(x, 1.702))),
};

/** Applies an activation. */
export const activate = (name: Activation, x: Value): Value => FUNCTIONS[name](x);
