import { fileURLToPath } from "node:url";

/** Directory of the base checkpoint that the repository ships; `base/train-base.ts` made it. */
export const SHIPPED_BASE = fileURLToPath(new URL("../assets/base", import.meta.url));
