import type { Command } from "../command/command.js";

/** A command of the table: what it is for, and where it lives. */
export interface CommandEntry {
  /** One line for `--help`. */
  readonly summary: string;
  /** Loads the room that does the work; nothing of it is loaded before. */
  load(): Promise<{ readonly command: Command }>;
}

/** Every command of `videosafety`, in the order in which a user meets them. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  doctor: {
    summary: "what this machine, a model and records are like, and what is wrong with them",
    load: () => import("../doctor/doctor-command-node.js"),
  },
  train: {
    summary: "train stages 1 to 4, or some of them, on your model and your JSON Lines",
    load: () => import("../train/train-command-node.js"),
  },
  evaluate: {
    summary: "ask every checkpoint of a run the held-out items; table, results.json, report",
    load: () => import("../evaluate/evaluate-command-node.js"),
  },
  sweep: {
    summary: "train and evaluate at many settings: a grid or a Sobol draw, in parallel processes",
    load: () => import("../sweep/sweep-command-node.js"),
  },
  report: {
    summary: "one page about a run: baselines, stages, ablations, rewards, alarms, per category",
    load: () => import("../report/report-command-node.js"),
  },
  guard: {
    summary: "calibrate a guard, assess files, serve a guarded OpenAI-compatible endpoint",
    load: () => import("../guard/guard-command-node.js"),
  },
  ask: {
    summary: "ask a Video LLM about a video, streamed",
    load: () => import("../ask/ask-command-node.js"),
  },
  schema: {
    summary: "print the JSON Schema of run files",
    load: () => import("./schema-command.js"),
  },
};
