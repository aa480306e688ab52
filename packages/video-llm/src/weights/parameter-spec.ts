import type { ParameterGroup } from "@videosafety/alarm-tokens";

/** One tensor of the model. */
export interface ParameterSpec {
  /** Checkpoint name, the authors' (`model.layers.0.self_attn.q_proj.weight`). */
  readonly name: string;
  /** Shape; linear layers are [out, in]. */
  readonly dims: readonly number[];
  /** The set it is trained with. */
  readonly group: ParameterGroup;
  /** Fresh values: zeros, ones, or normal with this standard deviation. */
  readonly init: "zeros" | "ones" | number;
  /** Whether a checkpoint may lack it (it then starts fresh): alarm tokens and their heads. */
  readonly optional?: boolean;
}
