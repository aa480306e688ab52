export { lockFile } from "./jsonl/file-lock-node.js";
export {
  type JsonlAppender,
  type JsonlAppenderOptions,
  openJsonlAppender,
  readJsonl,
  type WriteJsonlOptions,
  writeJsonl,
} from "./jsonl/jsonl-node.js";
export { replaceFile } from "./jsonl/replace-file-node.js";
