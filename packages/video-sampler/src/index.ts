export { type BackendReport, doctor } from "./decode/doctor-node.js";
export * from "./portable.js";
export { blindSpots, explainPlan, openVideo, probe, sampleFrames } from "./sample/sample-frames-node.js";
export { type SampledItem, type SampleManyOptions, sampleMany } from "./sample/sample-many-node.js";
