export { sha256File, type VideoFramesOptions, videoFrames } from "./arms/video-frames-node.js";
export {
  type EvalConfig,
  type EvalConfigInput,
  evalConfigJsonSchema,
  evalConfigSchema,
  type JudgeConfig,
  judgeSchema,
} from "./config/eval-config.js";
export { checkConfig, loadConfig, readYamlMapping } from "./config/load-config-node.js";
export { openJudge } from "./config/open-models-node.js";
export { ITEM_FORMATS, type ItemFormat, type LoadItemsOptions, loadItems } from "./data/load-items-node.js";
export { captureEnvironment, cpuFeatures } from "./environment-node.js";
export { openCostLog } from "./matrix/cost-log-node.js";
export { type MatrixFolderOptions, matrixInFolder } from "./matrix/write-matrix-node.js";
export { JsonlFileStore, RECORDS_FILE, readStore } from "./store/jsonl-file-store-node.js";
