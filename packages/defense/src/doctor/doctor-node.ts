import { formatReport, inspectModel, type ModelReport, type Precision } from "@videosafety/video-llm";
import { type BackendReport, doctor as decoders } from "@videosafety/video-sampler";
import { captureEnvironment } from "@videosafety/vsb-eval/node";
import { checkpointParts } from "../model/open-checkpoint-node.js";
import { type ProviderState, providerStates } from "../model/providers-node.js";
import { countLabels, describeLabels, type LabelCounts } from "../records/label-counts.js";
import { SourceReader } from "../records/read-source-node.js";
import { defined } from "../run-file/frames-of.js";
import type { DataSource } from "../run-file/run-schema.js";

/** What is known of one file of records. */
export interface DataReport {
  readonly file: string;
  readonly format: "sft" | "grpo";
  readonly records: number;
  readonly items: number;
  readonly byLabel: LabelCounts;
  /** What is wrong, each with its place; empty when nothing is. */
  readonly problems: readonly string[];
}

/** What a machine, a model and data are like. */
export interface DoctorReport {
  readonly machine: Readonly<Record<string, unknown>>;
  readonly decoders: readonly BackendReport[];
  readonly providers: readonly ProviderState[];
  readonly model: ModelReport | null;
  readonly data: readonly DataReport[];
  /** What stands in the way of a run, in sentences; empty when nothing does. */
  readonly faults: readonly string[];
}

/** What is looked at. */
export interface DoctorRequest {
  readonly model?: string;
  readonly revision?: string;
  readonly offline?: boolean;
  /** Load the weights and answer a token. */
  readonly load?: boolean;
  readonly precision?: Precision;
  readonly data?: readonly string[];
  readonly mediaRoot?: string;
}

/** Looks at the machine, and at a model and records where they are named. A model or file that cannot be used is a fault, not an exception. */
export async function examine(request: DoctorRequest): Promise<DoctorReport> {
  const { model, data = [], mediaRoot = "." } = request;
  const faults: string[] = [];
  const attempt = async <T>(what: string, work: () => Promise<T>): Promise<T | null> => {
    try {
      return await work();
    } catch (error) {
      faults.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    }
  };
  const backends = await decoders();
  if (!backends.some(({ usable }) => usable))
    faults.push("no decoder: neither node-av nor ffmpeg can be used; npm install node-av");
  const reports: DataReport[] = [];
  for (const file of data) {
    const report = await attempt(file, () => examineData(file, mediaRoot));
    if (report === null) continue;
    reports.push(report);
    if (report.problems.length > 0) faults.push(`${file}: ${report.problems.length} records cannot be used`);
  }
  const modelReport =
    model === undefined
      ? null
      : await attempt(model, async () => {
          const { base } = await checkpointParts(model);
          const { revision, offline, load, precision } = request;
          return inspectModel(base, defined({ revision, offline, load, precision }));
        });
  return {
    machine: captureEnvironment(),
    ...{ decoders: backends, providers: await providerStates(), model: modelReport, data: reports, faults },
  };
}

async function examineData(file: string, mediaRoot: string): Promise<DataReport> {
  const source: DataSource = {
    ...{ file, mediaRoot, format: "auto", labels: "as-written", missingLabels: "throw", onBadRecord: "skip" },
  };
  const { format, records, items, skipped } = await new SourceReader().read(file, source);
  const problems = skipped.map(({ place, reason }) => `${place.line}: ${reason}`);
  return { file, format, records, items: items.length, byLabel: countLabels(items), problems };
}

/** A report for people. */
export function formatDoctor({ machine, decoders: backends, providers, model, data, faults }: DoctorReport): string {
  const { platform, processor, memoryGigabytes, node, cpuFeatures } = machine;
  const features = Array.isArray(cpuFeatures)
    ? ` (${cpuFeatures.filter((name) => /^avx|fma|asimd/.test(name)).join(" ")})`
    : "";
  return [
    `machine      ${processor}${features}, ${memoryGigabytes} GB, ${platform}, Node ${node}`,
    ...backends.map(
      ({ backend, usable, detail, missingDecoders }) =>
        `decoder      ${backend}: ${usable ? detail : `not usable: ${detail}`}${usable && missingDecoders.length > 0 ? `, without ${missingDecoders.join(", ")}` : ""}`,
    ),
    ...providers.map(
      ({ name, bundled, ranOn, problem }) =>
        `provider     ${name}: ${ranOn === null ? `not here: ${problem?.slice(0, 120)}` : `an addition ran on ${ranOn}`}${bundled ? "" : " (its libraries are not bundled)"}`,
    ),
    ...(model === null ? [] : [formatReport(model).trimEnd()]),
    ...data.flatMap(({ file, format, records, items, byLabel, problems }) => [
      `data         ${file}: ${records} ${format} records, ${items} items (${describeLabels(byLabel)})`,
      ...problems.slice(0, 5).map((problem) => `  ${file}:${problem}`),
      ...(problems.length > 5 ? [`  and ${problems.length - 5} more`] : []),
    ]),
    ...(faults.length === 0 ? ["nothing stands in the way"] : faults.map((fault) => `fault        ${fault}`)),
    "",
  ].join("\n");
}
