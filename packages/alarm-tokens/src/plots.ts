export { activationPlot } from "./plots/activation-plot.js";
export { attentionHeadPlot, attentionPlot } from "./plots/attention-plot.js";
export { layerProbePlot, type ProbeSeries } from "./plots/layer-probe-plot.js";
export type { PlotOptions } from "./plots/plot-style.js";
export { reliabilityPlot } from "./plots/reliability-plot.js";
export { type FrontierSeries, frontierPlot, rocPlot } from "./plots/roc-plot.js";
export { tokenDriftPlot } from "./plots/token-drift-plot.js";
