import { z } from "zod";

/** Activations that are computed, by the names of config.json (transformers' `ACT2FN`). */
export const activationSchema = z.enum(["silu", "gelu", "gelu_pytorch_tanh", "quick_gelu"]);

/** An activation. */
export type Activation = z.output<typeof activationSchema>;

/** Other names of the same functions. */
const ALIASES: Readonly<Record<string, Activation>> = {
  swish: "silu",
  gelu_python: "gelu",
  gelu_new: "gelu_pytorch_tanh",
  gelu_fast: "gelu_pytorch_tanh",
  gelu_accurate: "gelu_pytorch_tanh",
  gelu_python_tanh: "gelu_pytorch_tanh",
};

/** The activation of a name in config.json; null for one that is not computed. */
export function activationOf(name: string): Activation | null {
  const found = activationSchema.safeParse(ALIASES[name] ?? name);
  return found.success ? found.data : null;
}
