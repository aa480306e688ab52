import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";

/** What a step cost: of this process, so that a step that was resumed counts its last part only. */
export interface StepCost {
  readonly seconds: number;
  /** Of all threads. */
  readonly cpuSeconds: number;
  /** Largest resident memory of the process so far. */
  readonly peakGigabytes: number;
}

/** What `run.json` holds: the results, as far as the run has come. */
export interface RunRecord {
  readonly settings: unknown;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  readonly steps: Record<string, { readonly value: unknown; readonly cost: StepCost }>;
}

/** The folder of a run: `run.json` has its settings and what every finished step returned. Replaced atomically. */
export class RunFolder {
  readonly path: string;
  #kept: RunRecord;

  /** @throws Error when the folder holds a run with other settings */
  constructor(path: string, settings: unknown) {
    this.path = path;
    mkdirSync(join(path, "logs"), { recursive: true });
    const file = join(path, "run.json");
    this.#kept = existsSync(file)
      ? { machine: thisMachine(), ...JSON.parse(readFileSync(file, "utf8")) }
      : { settings, machine: thisMachine(), steps: {} };
    if (JSON.stringify(this.#kept.settings) !== JSON.stringify(settings))
      throw new Error(`${path} holds a run with other settings: give the same ones, or another folder with --out`);
    this.#write();
  }

  /** A file or folder of the run. */
  file(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  /** Whether a step is finished. */
  has(step: string): boolean {
    return step in this.#kept.steps;
  }

  /** Runs a step unless it is finished; returns what it returned, now or then. */
  async step<T>(name: string, work: () => Promise<T>): Promise<T> {
    const kept = this.#kept.steps[name];
    if (kept !== undefined) return kept.value as T;
    this.say(`${name}: begins`);
    const [started, cpu] = [performance.now(), process.cpuUsage()];
    const value = await work();
    const used = process.cpuUsage(cpu);
    const cost: StepCost = {
      seconds: round((performance.now() - started) / 1000),
      cpuSeconds: round((used.user + used.system) / 1e6),
      peakGigabytes: round(process.resourceUsage().maxRSS / 1e6),
    };
    this.#kept.steps[name] = { value, cost };
    this.#write();
    this.say(`${name}: done, ${JSON.stringify(cost)}`);
    return value;
  }

  /** Adds a line with the time of day to the run's log, and shows it. */
  say(line: string): void {
    const text = `${new Date().toISOString()} ${line}\n`;
    appendFileSync(this.file("run.log"), text);
    process.stderr.write(text);
  }

  #write(): void {
    const file = this.file("run.json");
    writeFileSync(`${file}.new`, `${JSON.stringify(this.#kept, null, 1)}\n`);
    renameSync(`${file}.new`, file);
  }
}

const thisMachine = (): RunRecord["machine"] => ({
  cpu: cpus()[0]?.model ?? "unknown",
  cores: cpus().length,
  node: process.version,
});

const round = (value: number): number => Math.round(100 * value) / 100;
