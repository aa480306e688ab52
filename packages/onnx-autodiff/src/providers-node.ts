import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listSupportedBackends } from "onnxruntime-node";
import type { Graph } from "./graph.js";
import type { Feed, SessionOptions } from "./session.js";
import { createSession } from "./session-node.js";

/** Execution providers this build of onnxruntime-node brings; `bundled` ones need no extra library. */
export const availableProviders = (): readonly { readonly name: string; readonly bundled: boolean }[] =>
  listSupportedBackends();

/**
 * Runs a graph on the CPU and on other providers, and returns the largest difference of each output relative to the
 * output's largest magnitude. Do this once at start-up: a provider whose kernels differ gives silently wrong gradients.
 */
export async function compareWithCpu(
  graph: Graph,
  feeds: Readonly<Record<string, Feed>>,
  options: SessionOptions,
): Promise<Record<string, number>> {
  await using cpu = await createSession(graph, { target: "portable" });
  await using other = await createSession(graph, options);
  const [expected, found] = [await cpu.run(feeds), await other.run(feeds)];
  return Object.fromEntries(
    cpu.outputNames.map((name) => {
      const [a, b] = [Array.from(expected[name]?.data ?? [], Number), Array.from(found[name]?.data ?? [], Number)];
      const largest = a.reduce((m, x) => Math.max(m, Math.abs(x)), Number.MIN_VALUE);
      return [name, a.reduce((m, x, i) => Math.max(m, Math.abs(x - (b[i] ?? Number.NaN))), 0) / largest];
    }),
  );
}

/** Which provider runs what, from a profiled run. */
export interface ProviderReport {
  /** Execution provider, as onnxruntime names it. */
  readonly provider: string;
  /** Kernels it ran. */
  readonly nodes: number;
  /** Microseconds spent in them. */
  readonly microseconds: number;
  /** Kernels by op type. */
  readonly ops: ReadonlyMap<string, number>;
}

/**
 * Runs a graph once under onnxruntime's profiler and reports where every node really ran: a provider silently hands what it
 * cannot run to the CPU. The profile is written to and removed from the system's temporary directory.
 */
export async function reportProviders(
  graph: Graph,
  feeds: Readonly<Record<string, Feed>>,
  options: SessionOptions = {},
): Promise<ProviderReport[]> {
  const directory = await mkdtemp(join(tmpdir(), "onnx-autodiff-profile-"));
  try {
    const profiling = { enableProfiling: true, profileFilePrefix: join(directory, "run") };
    const session = await createSession(graph, {
      ...options,
      sessionOptions: { ...options.sessionOptions, ...profiling },
    });
    await session.run(feeds);
    await session.dispose(); // writes the profile
    const reports = new Map<
      string,
      { provider: string; nodes: number; microseconds: number; ops: Map<string, number> }
    >();
    for (const file of await readdir(directory)) {
      const events = JSON.parse(await readFile(join(directory, file), "utf8")) as ProfileEvent[];
      for (const { cat, name, dur, args } of events) {
        if (cat !== "Node" || !name.endsWith("_kernel_time") || !args?.provider) continue;
        const report = reports.get(args.provider) ?? {
          provider: args.provider,
          nodes: 0,
          microseconds: 0,
          ops: new Map(),
        };
        reports.set(args.provider, report);
        report.nodes++;
        report.microseconds += dur ?? 0;
        report.ops.set(args.op_name ?? "", (report.ops.get(args.op_name ?? "") ?? 0) + 1);
      }
    }
    return [...reports.values()];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

interface ProfileEvent {
  readonly cat?: string;
  readonly name: string;
  readonly dur?: number;
  readonly args?: { readonly provider?: string; readonly op_name?: string };
}
