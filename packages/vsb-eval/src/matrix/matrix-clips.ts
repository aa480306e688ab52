import type { EvalItem } from "@videosafety/safety-data";
import { parseArm } from "../arms/arm.js";
import { armApplies, chooseVideos } from "../arms/arm-frames.js";
import { attackedFrames, attackedInput, attackParameters } from "../arms/attacked-input.js";
import { canonicalJson, type Json } from "../content-key.js";
import { refusedOf } from "../metrics/scored-unit.js";
import { frameSheet } from "../report/frame-sheet.js";
import {
  attackArm,
  intensitiesOf,
  itemsOf,
  type MatrixGroup,
  type MatrixOptions,
  type MatrixRun,
} from "./matrix-options.js";
import { defendedUnits, loadMatrixUnits } from "./matrix-units.js";

/** An attacked item as the page shows it behind its row. */
export interface MatrixClip {
  /** Name of the row. */
  readonly attack: string;
  /** Its intensity: the highest of the row. */
  readonly intensity: number | null;
  /** Id of the item. */
  readonly item: string;
  /** Whether it shall be answered. */
  readonly safe: boolean;
  /** Language of the query. */
  readonly language: string;
  /** The query after the attack, with the turns before it. */
  readonly query: string;
  /** What runs see, one entry per sampling: a `data:` image, and the runs that see it. */
  readonly sheets: readonly { readonly runs: readonly string[]; readonly frames: number; readonly sheet: string }[];
  /** What each defense did. */
  readonly answers: readonly {
    readonly defense: string;
    readonly refused: boolean | null;
    readonly by: string;
    readonly text: string;
  }[];
}

/** Longest piece of an answer on the page, in characters. */
const MOST_TEXT = 240;

/** The first items of a row that a run was asked: harmful ones, then safe ones. */
function someItems(items: readonly EvalItem[], armName: string, run: MatrixRun, each: number): EvalItem[] {
  const arm = parseArm(armName);
  const choose = chooseVideos(items);
  const asked = items.filter((item) => armApplies(arm, item, choose, run.attacks));
  return [true, false].flatMap((harmful) =>
    asked.filter(({ subset }) => (subset !== "SafeQ") === harmful).slice(0, each),
  );
}

/**
 * Pictures and answers behind the rows, of the first group: what each sampling shows of some attacked items, and what each defense made
 * of them.
 *
 * @param each harmful and safe items per row
 */
export async function matrixClips(options: MatrixOptions, each = 1): Promise<MatrixClip[]> {
  const { groups, attacks, defenses, signal } = options;
  const [group] = groups as [MatrixGroup];
  const units = await loadMatrixUnits({ ...options, groups: [group] });
  const clips: MatrixClip[] = [];
  for (const attack of attacks) {
    const intensity = intensitiesOf(attack).at(-1) ?? null;
    const armName = attackArm(attack, intensity);
    const items = itemsOf(group, attack);
    for (const item of someItems(items, armName, group.runs[0] as MatrixRun, each)) {
      const sheets = new Map<string, { runs: string[]; frames: number; sheet: string }>();
      let query = item.query;
      for (const run of group.runs) {
        const { sampling: source, attacks: own = [] } = run;
        const context = { attacks: own, source, choose: chooseVideos(items), ...(signal && { signal }) };
        const attacked = await attackedInput(parseArm(armName), item, context);
        query = [...attacked.input.history.map(({ content }) => content), attacked.input.query].join("\n");
        if (attacked.input.footage === null) continue;
        const key = canonicalJson({
          plan: (source.timed?.plan ?? null) as Json,
          carrier: attacked.carrier?.path ?? null,
          shown: attackParameters(attacked),
        });
        const known = sheets.get(key);
        if (known !== undefined) {
          known.runs.push(run.name);
          continue;
        }
        const frames = await attackedFrames(parseArm(armName), item, attacked, context);
        const sheet = frameSheet(frames, { columns: 8, frameWidth: 64, maxFrames: 24 });
        if (sheet !== null) sheets.set(key, { runs: [run.name], frames: frames.frames.dims[0], sheet });
      }
      const answers = defenses.map((defense) => {
        const found = defendedUnits(units, [group], defense, attack, armName)[0]?.find(
          ({ unit }) => unit.item.id === item.id,
        );
        const refused = found === undefined ? null : refusedOf(found.unit);
        return {
          defense: defense.name,
          refused: refused === null ? null : refused === 1,
          by: found === undefined ? "" : (defense.runs[found.asked - 1] ?? ""),
          text: (found?.unit.parts?.answer ?? "").slice(0, MOST_TEXT),
        };
      });
      const { id, language, subset } = item;
      clips.push({
        attack: attack.name,
        intensity,
        item: id,
        safe: subset === "SafeQ",
        language,
        query,
        sheets: [...sheets.values()],
        answers,
      });
    }
  }
  return clips;
}
