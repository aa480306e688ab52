import { fileURLToPath } from "node:url";

/** Directory of the base checkpoint that the repository ships; `base/ship-base.ts` put it there. */
export const SHIPPED_BASE = fileURLToPath(new URL("../assets/base", import.meta.url));
