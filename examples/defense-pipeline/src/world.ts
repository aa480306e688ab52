import { heldOutSet } from "sign-world";

/** File beside a world's other files: what its samples are drawn from. It is there when the world is complete. */
export const WORLD_FILE = "world.json";

/** What the samples of a world depend on. */
export interface World {
  readonly seed: number;
  /** Records of stages 1 and 2 and of stage 3, prompts of stage 4, as the draw was asked for. */
  readonly records: { readonly stages1And2: number; readonly stage3: number; readonly stage4: number };
  /** Items in each of HH and SH; twice as many clips. */
  readonly evalItems: number;
}

/** Held-out samples of a world, by id, with everything that is known about them. */
export const heldOutSamples = ({ seed, evalItems }: Pick<World, "seed" | "evalItems">) =>
  new Map(heldOutSet(seed, "held-out", 2 * evalItems).samples.map((sample) => [sample.id, sample]));
