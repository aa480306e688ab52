// What the entry's declarations reach: nothing here may name the plot library, whose own types ask for more packages than a user has.

/** Options of every plot. */
export interface PlotOptions {
  /** Written above the plot. */
  readonly title?: string;
  /** Pixels; default 420. */
  readonly width?: number;
  /** Pixels, without title and legend; default 340. */
  readonly height?: number;
}

/** One name in the legend, drawn as its mark looks. */
export interface LegendEntry {
  readonly name: string;
  readonly color: string;
  /** Default "line". A "ring" may have its radius in pixels. */
  readonly mark?: "line" | "ring" | "square";
  readonly radius?: number;
}

/** Colours that also differ in grey and for most colour-blind readers (Okabe and Ito). */
export const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#666666", "#b3a800"];
/** Names of the two alarms, in the order of the first two colours. */
export const MODALITIES = ["visual alarm", "textual alarm"] as const;
/** The i-th colour; they repeat when there are more names than colours. */
export const colorOf = (index: number): string => COLORS[index % COLORS.length] as string;
