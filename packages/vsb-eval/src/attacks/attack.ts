import { deriveSeed, seedOf } from "@videosafety/random";
import { VsbEvalError } from "../errors.js";
import type { Footage } from "./footage.js";

/** A turn of the conversation before the query. */
export interface Turn {
  /** Who speaks. */
  readonly role: "user" | "assistant";
  /** The text. */
  readonly content: string;
}

/** What an attack transforms: everything a model is shown of an item. Labels are no part of it, so no attack can change one. */
export interface AttackInput {
  /** What the user asks. */
  readonly query: string;
  /** Language of the query, BCP-47. */
  readonly language: string;
  /** Turns before the query. */
  readonly history: readonly Turn[];
  /** What the video shows and when; null without a video. */
  readonly footage: Footage | null;
}

/** How an attack is made. */
export interface AttackSettings {
  /** How far it goes, in [0, 1]; what that means says `Attack.intensity`. */
  readonly intensity: number;
  /** Draws what the parameters do not say. */
  readonly seed: number;
  /** The attack's own parameters in [0, 1], by name: what an adaptive attacker searches. */
  readonly parameters?: Readonly<Record<string, number>>;
  /** Id of the item, for attacks that were searched for each item. */
  readonly item?: string;
}

/** A pure transform of an item: equal input and settings give equal output. */
export interface Attack {
  /** Kebab-case name, as in `video+fragment-late:0.5`. */
  readonly name: string;
  /** Part of the content key: raised when the transform changes. */
  readonly version: number;
  /** What it changes. `both`: it moves text into the picture. */
  readonly target: "video" | "text" | "both";
  /** What it does, in a sentence. */
  readonly title: string;
  /** What its intensity means, from 0 to 1. */
  readonly intensity: string;
  /** Where it is described. */
  readonly source: string;
  /** Names of its parameters. */
  readonly parameters: readonly string[];
  /** Whether it needs a second, harmless clip. */
  readonly needsCarrier: boolean;
  /** Whether it can be made of this input; default: wherever the video that it needs is there. */
  readonly applies?: (input: AttackInput) => boolean;
  /** The transform. */
  readonly apply: (input: AttackInput, settings: AttackSettings) => AttackInput;
  /** What a search asked to find the parameters of an item, by its id; only of attacks that were searched. */
  readonly queriesOf?: (item: string) => number | undefined;
  /** Reads the query back from what the attack made of it at intensity 1: the proof that the intent is kept. */
  readonly recover?: (query: string) => string;
}

/** A parameter of an attack: as given, else drawn from the seed by its name. */
export function parameterOf({ seed, parameters }: AttackSettings, name: string): number {
  const given = parameters?.[name];
  if (given !== undefined) return given;
  return deriveSeed(seed, seedOf(name)) / 4_294_967_296;
}

/**
 * Checks an intensity and parameters.
 *
 * @throws {VsbEvalError} `invalid_input` for an intensity or a parameter outside [0, 1], or a parameter that the attack does not have
 */
export function checkSettings(attack: Attack, { intensity, parameters = {} }: AttackSettings): void {
  const wrong = (what: string, found: unknown): VsbEvalError =>
    new VsbEvalError("invalid_input", `${attack.name}: expected ${what}, found ${String(found)}`);
  if (!(intensity >= 0 && intensity <= 1)) throw wrong("an intensity in [0, 1]", intensity);
  for (const [name, value] of Object.entries(parameters)) {
    if (!attack.parameters.includes(name))
      throw wrong(`parameters of ${attack.parameters.join(", ") || "none"}`, `"${name}"`);
    if (!(value >= 0 && value <= 1)) throw wrong(`${name} in [0, 1]`, value);
  }
}

/** Whether an attack can be made of an input. */
export function attackApplies(attack: Attack, input: AttackInput): boolean {
  if (attack.target !== "text" && input.footage === null) return false;
  if (attack.needsCarrier && input.footage?.carrierSeconds == null) return false;
  return attack.applies?.(input) ?? true;
}

/**
 * One attack on an input.
 *
 * @throws {VsbEvalError} `invalid_input` for wrong settings, or an input that the attack does not apply to
 */
export function applyAttack(attack: Attack, input: AttackInput, settings: AttackSettings): AttackInput {
  checkSettings(attack, settings);
  if (attackApplies(attack, input)) return attack.apply(input, settings);
  const needs = attack.needsCarrier
    ? "a video and a harmless one to hide it in"
    : attack.target === "text"
      ? "a text"
      : "a video";
  throw new VsbEvalError(
    "invalid_input",
    `${attack.name}: expected ${needs} that it can be made of, found none: leave the item out`,
  );
}
