import { fileURLToPath } from "node:url";

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Tests import sibling packages from source, so no build is needed. Subpath `x` of a package is its `src/x.ts`. */
export const alias = [
  { find: /^@videosafety\/([^/]+)$/, replacement: source("./packages/$1/src/index.ts") },
  { find: /^@videosafety\/([^/]+)\/(.+)$/, replacement: source("./packages/$1/src/$2.ts") },
  { find: /^sign-world$/, replacement: source("./examples/sign-world/src/index.ts") },
];

/** Runs before every test file of every project. */
export const setupFiles = [source("./vitest.setup.ts")];
