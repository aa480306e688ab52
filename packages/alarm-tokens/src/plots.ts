export {
  activationPlot,
  type FrontierSeries,
  frontierPlot,
  type PlotOptions,
  reliabilityPlot,
  rocPlot,
  tokenDriftPlot,
} from "./alarm-plots.js";
