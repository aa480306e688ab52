import type { AttentionShare } from "../analysis/attention-shares.js";
import { AlarmShapeError } from "../errors.js";
import { thinned } from "./layer-probe-plot.js";
import { COLORS, colorOf, MODALITIES, type PlotOptions } from "./plot-style.js";
import { renderPlot } from "./render-plot.js";

const ALARMS = [
  { alarm: MODALITIES[0], modality: "visual" },
  { alarm: MODALITIES[1], modality: "textual" },
] as const;

/**
 * What each alarm token looks at, layer by layer: its attention split over the parts of the sequence, mean over heads. The
 * first bar, "even", is what the parts would get by their length alone.
 *
 * @param options.parts their order, from the bottom up; default: as they come. Those not named come last.
 * @param shares of one sample (`attentionShares`) or the mean of many (`meanAttentionShares`)
 * @throws AlarmShapeError without shares.
 */
export function attentionPlot(
  shares: readonly AttentionShare[],
  options: PlotOptions & { readonly parts?: readonly string[] } = {},
): Promise<string> {
  const layers = layersOf(shares);
  const seen = new Set(shares.filter((share) => share.even.visual + share.even.textual > 0).map((s) => s.part));
  const parts = [...new Set([...(options.parts ?? []), ...seen])].filter((name) => seen.has(name));
  const firstLayer = shares.filter(({ layer }) => layer === layers[0]);
  const rows = ALARMS.flatMap(({ alarm, modality }) =>
    parts.flatMap((part) => {
      const mean = (of: readonly AttentionShare[], value: (share: AttentionShare) => number): number => {
        const heads = new Set(of.map(({ head }) => head)).size;
        return (100 / heads) * of.reduce((sum, share) => sum + (share.part === part ? value(share) : 0), 0);
      };
      return [
        { alarm, part, layer: "even", share: mean(firstLayer, ({ even }) => even[modality]) },
        ...layers.map((layer) => {
          const own = shares.filter((share) => share.layer === layer);
          return { alarm, part, layer: String(layer), share: mean(own, (share) => share[modality]) };
        }),
      ];
    }),
  );
  const ticks = ["even", ...thinned(layers, 8).map(String)];
  return renderPlot(
    (Plot) => ({
      marginTop: 52,
      x: { domain: ["even", ...layers.map(String)], label: "layer", labelAnchor: "center", ticks, padding: 0.15 },
      y: { domain: [0, 100], label: "share of attention (%)" },
      fx: { label: null, domain: [...MODALITIES], padding: 0.08 },
      marks: [
        Plot.barY(rows, {
          fx: "alarm",
          x: "layer",
          y: "share",
          fill: "part",
          fillOpacity: ({ layer }: { layer: string }) => (layer === "even" ? 0.5 : 1),
          order: parts,
        }),
        Plot.ruleY([0], { stroke: "#222" }),
      ],
      color: { domain: parts, range: COLORS },
    }),
    { width: 620, ...options },
    parts.map((name, i) => ({ name, color: colorOf(i), mark: "square" })),
  );
}

/**
 * The share of each alarm token's attention that goes to one part of the sequence, by layer and head: which heads carry the
 * alarm. Cells hold the percentage where they are large enough.
 *
 * @throws AlarmShapeError without shares of that part.
 */
export function attentionHeadPlot(
  shares: readonly AttentionShare[],
  part: string,
  options: PlotOptions = {},
): Promise<string> {
  const own = shares.filter((share) => share.part === part);
  if (own.length === 0 && shares.length > 0) {
    const names = [...new Set(shares.map((share) => share.part))].join(", ");
    throw new AlarmShapeError(`expected the name of a part, one of ${names}; found ${part}`);
  }
  const layers = layersOf(own);
  const heads = [...new Set(own.map(({ head }) => head))].sort((a, b) => a - b);
  const rows = ALARMS.flatMap(({ alarm, modality }) =>
    own.map((share) => ({ alarm, layer: share.layer, head: share.head, percent: 100 * share[modality] })),
  );
  const { width = 620, height = 340 } = options;
  const legible = width / (2 * layers.length) > 34 && height / heads.length > 18;
  const most = Math.max(...rows.map(({ percent }) => percent));
  return renderPlot(
    (Plot) => ({
      marginTop: 32,
      x: { domain: layers, label: "layer", labelAnchor: "center", ticks: thinned(layers, 8), padding: 0.04 },
      y: { domain: heads, label: "head", ticks: thinned(heads, 16), padding: 0.04, tickSize: 0 },
      fx: { label: null, domain: [...MODALITIES], padding: 0.08 },
      color: { type: "linear", domain: [0, most], range: ["#eef4fa", "#084081"] },
      marks: [
        Plot.cell(rows, { fx: "alarm", x: "layer", y: "head", fill: "percent" }),
        ...(legible
          ? [
              Plot.text(rows, {
                fx: "alarm",
                x: "layer",
                y: "head",
                text: ({ percent }: { percent: number }) => `${percent.toFixed(0)} %`,
                fill: ({ percent }: { percent: number }) => (percent > 0.62 * most ? "white" : "#222"),
              }),
            ]
          : []),
      ],
    }),
    { ...options, width, height },
    [
      { name: "0 %", color: "#eef4fa", mark: "square" },
      { name: `${most.toFixed(0)} % of the attention goes to: ${part}`, color: "#084081", mark: "square" },
    ],
  );
}

function layersOf(shares: readonly AttentionShare[]): number[] {
  const layers = [...new Set(shares.map(({ layer }) => layer))].sort((a, b) => a - b);
  if (layers.length === 0) throw new AlarmShapeError("expected attention shares, found none");
  return layers;
}
