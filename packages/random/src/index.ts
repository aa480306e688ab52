export { createRng, InvalidSeedError, type Rng, type RngState } from "./create-rng.js";
export { deriveSeed, seedOf } from "./seeds.js";
