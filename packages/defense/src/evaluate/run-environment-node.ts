import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpuFeatures } from "@videosafety/vsb-eval/node";

/** What the bytes of results depend on beside a run's settings. */
export interface RunEnvironment {
  /** Vector instruction sets: results agree to the byte only between equal lists. Null where the system does not tell. */
  readonly cpuFeatures: readonly string[] | null;
  /** Version of Node. */
  readonly node: string;
  /** Versions of the native packages that compute and decode; null where one is not installed. */
  readonly packages: Readonly<Record<string, string | null>>;
}

/** Native packages and the package that depends on each. */
const NATIVE = { "onnxruntime-node": "@videosafety/onnx-autodiff", "node-av": "@videosafety/video-sampler" } as const;

/** The environment of this process. */
export function runEnvironment(): RunEnvironment {
  const packages = Object.entries(NATIVE).map(([name, owner]) => [name, versionOf(name, owner)] as const);
  return { cpuFeatures: cpuFeatures(), node: process.version, packages: Object.fromEntries(packages) };
}

function versionOf(name: string, owner: string): string | null {
  try {
    const require = createRequire(createRequire(import.meta.url).resolve(`${owner}/package.json`));
    for (const folder of require.resolve.paths(name) ?? []) {
      const manifest = readManifest(`${folder}/${name}/package.json`);
      if (manifest !== null) return manifest.version;
    }
    return null;
  } catch {
    return null; // not installed: optional
  }
}

function readManifest(path: string): { version: string } | null {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
}
