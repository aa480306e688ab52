import { DefenseError } from "../errors.js";
import { SOBOL_DIMENSIONS, sobolPoints } from "./sobol.js";

/** A setting that a sweep varies: values of a grid, or a range of a draw. */
export type SweptSetting =
  | { readonly path: string; readonly values: readonly string[] }
  | { readonly path: string; readonly low: number; readonly high: number; readonly log: boolean };

/** One run of a sweep: assignments for `--set`. */
export interface SweepPoint {
  /** Names its folder: stays the same when points are added behind it. */
  readonly name: string;
  readonly settings: Readonly<Record<string, string>>;
}

const usage = (message: string): DefenseError => new DefenseError("usage", message);

/** `path=v1,v2` for a grid; `path=low..high` or `path=low..high:log` for a draw. @throws DefenseError `usage` */
export function parseSetting(text: string): SweptSetting {
  const [, path, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (path === undefined || value === undefined)
    throw usage(
      `--over ${text}: expected path=value,value or path=low..high[:log], such as stages.stage-2.lambdaVisual=0.01..1:log`,
    );
  const range = /^([^.,]*(?:\.\d+)?(?:e[+-]?\d+)?)\.\.([^:]+)(:log)?$/i.exec(value);
  if (range === null) return { path, values: value.split(",").map((one) => one.trim()) };
  const [low, high] = [Number(range[1]), Number(range[2])];
  const log = range[3] !== undefined;
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high && (!log || low > 0)))
    throw usage(`--over ${text}: expected numbers low < high${log ? ", above 0 on a logarithmic scale" : ""}`);
  return { path, low, high, log };
}

const rounded = (value: number): string => String(Number(value.toPrecision(6)));

/**
 * The points of a sweep: every combination of lists, or `count` points of a Sobol sequence over ranges and lists.
 *
 * @param count of a draw; null for a grid
 * @throws DefenseError `usage` for a range in a grid, a setting named twice, or too many of either
 */
export function sweepPoints(settings: readonly SweptSetting[], count: number | null): SweepPoint[] {
  const paths = settings.map(({ path }) => path);
  if (paths.length === 0) throw usage("expected at least one setting to vary, found none: --over path=value,value");
  const twice = paths.find((path, i) => paths.indexOf(path) !== i);
  if (twice !== undefined) throw usage(`--over ${twice}: expected each setting once, found it twice`);
  const rows = count === null ? gridRows(settings) : drawnRows(settings, count);
  if (rows.length > 4096) throw usage(`expected at most 4096 runs, found ${rows.length}`);
  return rows.map((row, i) => ({
    name: `point-${String(i + 1).padStart(4, "0")}`,
    settings: Object.fromEntries(paths.map((path, k) => [path, row[k] as string])),
  }));
}

function gridRows(settings: readonly SweptSetting[]): string[][] {
  return settings.reduce<string[][]>(
    (rows, setting) => {
      if (!("values" in setting))
        throw usage(
          `--over ${setting.path}: expected a list of values in a grid, found a range: add --sobol <n>, or list values`,
        );
      return rows.flatMap((row) => setting.values.map((value) => [...row, value]));
    },
    [[]],
  );
}

function drawnRows(settings: readonly SweptSetting[], count: number): string[][] {
  if (settings.length > SOBOL_DIMENSIONS)
    throw usage(`expected at most ${SOBOL_DIMENSIONS} settings in a Sobol draw, found ${settings.length}`);
  return sobolPoints(count, settings.length).map((point) =>
    settings.map((setting, d) => {
      const u = point[d] as number;
      if ("values" in setting) return setting.values[Math.floor(u * setting.values.length)] as string;
      const { low, high, log } = setting;
      return rounded(log ? low * (high / low) ** u : low + u * (high - low));
    }),
  );
}
