import { readFileSync } from "node:fs";
import { arch, cpus, platform, release, totalmem } from "node:os";
import type { Json } from "./content-key.js";

/** Where a run happens: kept beside results.json, never inside it. @param extra e.g. what the server says about itself. */
export function captureEnvironment(extra: Readonly<Record<string, Json>> = {}): Record<string, Json> {
  return {
    date: new Date().toISOString(),
    node: process.version,
    platform: `${platform()} ${release()} ${arch()}`,
    processor: `${cpus().length} x ${cpus()[0]?.model ?? "unknown"}`,
    cpuFeatures: cpuFeatures(),
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    ...extra,
  };
}

/** Instruction sets that decide how matrix products round: where these differ, the last bits of a result may. */
const VECTOR_FEATURES = /^(sse4_[12]|avx\w*|fma\d?|f16c|amx_\w+|asimd\w*|sve\w*|i8mm|bf16|neon)$/;

/**
 * The vector instruction sets of this machine's processor, sorted (`avx2`, `avx512f`, ... as Linux names them). Results of
 * floating-point work agree to the byte only between machines with equal lists; null where the system does not tell.
 */
export function cpuFeatures(): readonly string[] | null {
  try {
    const line = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1];
    return line === undefined
      ? null
      : line
          .split(" ")
          .filter((name) => VECTOR_FEATURES.test(name))
          .sort();
  } catch {
    return null; // not Linux
  }
}
