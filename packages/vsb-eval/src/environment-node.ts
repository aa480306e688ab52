import { arch, cpus, platform, release, totalmem } from "node:os";
import type { Json } from "./content-key.js";

/** Where a run happens: kept beside results.json, never inside it. @param extra e.g. what the server says about itself. */
export function captureEnvironment(extra: Readonly<Record<string, Json>> = {}): Record<string, Json> {
  return {
    date: new Date().toISOString(),
    node: process.version,
    platform: `${platform()} ${release()} ${arch()}`,
    processor: `${cpus().length} x ${cpus()[0]?.model ?? "unknown"}`,
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    ...extra,
  };
}
