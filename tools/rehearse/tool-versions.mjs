// What a rehearsal installs for itself, outside the repository's own dependencies: exact versions, so that a red rehearsal is our doing.

/** The registry and the bundlers. */
export const TOOLS = { verdaccio: "6.8.0", vite: "7.3.8", esbuild: "0.28.2", "@cyclonedx/cyclonedx-npm": "4.2.1" };

/** Compilers that consumers use, by the name they are installed under. */
export const COMPILERS = {
  "typescript-5.4": "npm:typescript@5.4.3",
  "typescript-5.9": "npm:typescript@5.9.3",
  "typescript-6.0": "npm:typescript@6.0.3",
  "typescript-7.0": "npm:typescript@7.0.2",
};

const platform = `${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;

/** Runtimes that npm carries as plain packages, without install scripts: package, version, and where the program lies. */
export const RUNTIMES = [
  { name: "node 20", package: `node-${platform}`, version: "20.19.0", program: "bin/node" },
  { name: "node 22", package: `node-${platform}`, version: "22.23.3", program: "bin/node" },
  { name: "node 24", package: `node-${platform}`, version: "24.21.0", program: "bin/node" },
  {
    name: "deno",
    package: `@deno/${process.platform === "linux" ? `linux-${process.arch}-glibc` : platform}`,
    version: "2.9.6",
    program: "deno",
    args: ["run", "--allow-all", "--node-modules-dir=manual"],
  },
  { name: "bun", package: `@oven/bun-${platform}`, version: "1.4.5", program: "bin/bun" },
];
