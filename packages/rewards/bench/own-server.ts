import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";

/** The instruction sets that the timings depend on. */
export function cpuFeatures(): string {
  const info = existsSync("/proc/cpuinfo") ? readFileSync("/proc/cpuinfo", "utf8") : "";
  const flags = new Set(/^flags\s*:\s*(.*)$/m.exec(info)?.[1]?.split(" "));
  const known = ["sse4_2", "avx", "avx2", "fma", "avx512f", "avx512vl", "avx512_vnni"].filter((name) =>
    flags.has(name),
  );
  const load = loadavg()[0]?.toFixed(1);
  return `${cpus().length} x ${cpus()[0]?.model ?? "unknown"} (${known.join(" ") || process.arch}), Node ${process.version}, load ${load}`;
}

/** Starts the built server, or another build of it, in a process of its own. */
export async function startOwnServer(program = new URL("../bin/safety-rewards.mjs", import.meta.url).pathname) {
  const server = spawn(process.execPath, [program, "serve", "--port", "0", "--log-level", "error"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(server.stdout, "data")) as [Buffer];
  const { url } = JSON.parse(line.toString()) as { url: string };
  return {
    url,
    /** Its metrics of this moment, by name. */
    metrics: async (): Promise<(name: string) => number> => {
      const text = await (await fetch(`${url}/metrics`)).text();
      return (name) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
    },
    stop: async (): Promise<void> => {
      server.kill("SIGTERM");
      await once(server, "exit");
    },
  };
}
