import type { ColorTags } from "../source/mp4-facts.js";

// ISO/IEC 23091-2 code points, with the names the ffmpeg program prints and its setparams filter takes.
const MATRIX_NAMES: Readonly<Record<number, string>> = {
  0: "gbr",
  1: "bt709",
  4: "fcc",
  5: "bt470bg",
  6: "smpte170m",
  7: "smpte240m",
  8: "ycgco",
  9: "bt2020nc",
  10: "bt2020c",
};
const TRANSFER_NAMES: Readonly<Record<number, string>> = {
  1: "bt709",
  4: "gamma22",
  5: "gamma28",
  6: "smpte170m",
  7: "smpte240m",
  8: "linear",
  13: "iec61966-2-1",
  14: "bt2020-10",
  15: "bt2020-12",
  16: "smpte2084",
  18: "arib-std-b67",
};
const PRIMARIES_NAMES: Readonly<Record<number, string>> = {
  1: "bt709",
  4: "bt470m",
  5: "bt470bg",
  6: "smpte170m",
  7: "smpte240m",
  8: "film",
  9: "bt2020",
  10: "smpte428",
  11: "smpte431",
  12: "smpte432",
};

/** How a stream's colours are coded; `unknown` where nothing says. */
export interface ColorNames {
  /** Matrix from RGB, such as `bt709`. */
  readonly colorMatrix: string;
  /** Primaries, such as `bt2020`. */
  readonly colorPrimaries: string;
  /** Transfer curve, such as `smpte2084`. */
  readonly colorTransfer: string;
  /** `tv` (limited) or `pc` (full). */
  readonly colorRange: string;
}

/** Names of code points. */
export function colorNames({ matrix, primaries, transfer, fullRange }: ColorTags): ColorNames {
  return {
    colorMatrix: MATRIX_NAMES[matrix] ?? "unknown",
    colorPrimaries: PRIMARIES_NAMES[primaries] ?? "unknown",
    colorTransfer: TRANSFER_NAMES[transfer] ?? "unknown",
    colorRange: fullRange === null ? "unknown" : fullRange ? "pc" : "tv",
  };
}

const FILTER_OPTIONS: readonly (readonly [keyof ColorNames, string])[] = [
  ["colorMatrix", "colorspace"],
  ["colorPrimaries", "color_primaries"],
  ["colorTransfer", "color_trc"],
  ["colorRange", "range"],
];

/**
 * What the container knows and the bitstream does not say, field by field: the bitstream comes first.
 * @returns all fields, and a filter that tells frames the missing ones (none where nothing is missing)
 */
export function completeColors(
  bitstream: ColorNames,
  container: ColorNames | null,
): { readonly colors: ColorNames; readonly filters: readonly string[] } {
  if (container === null) return { colors: bitstream, filters: [] };
  const missing = FILTER_OPTIONS.filter(([name]) => bitstream[name] === "unknown" && container[name] !== "unknown");
  const colors = { ...bitstream, ...Object.fromEntries(missing.map(([name]) => [name, container[name]])) };
  const settings = missing.map(([name, option]) => `${option}=${container[name]}`);
  return { colors, filters: settings.length === 0 ? [] : [`setparams=${settings.join(":")}`] };
}

/** Whether a transfer curve is PQ or HLG. */
export function isHighDynamicRange(colorTransfer: string): boolean {
  return colorTransfer === "smpte2084" || colorTransfer === "arib-std-b67";
}
