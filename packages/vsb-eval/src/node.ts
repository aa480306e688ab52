export { sha256File, type VideoFramesOptions, videoFrames } from "./arms/video-frames-node.js";
export { JsonlFileStore, RECORDS_FILE } from "./store/jsonl-file-store-node.js";
