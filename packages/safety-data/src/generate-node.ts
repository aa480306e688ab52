export {
  estimateFromFile,
  type FolderOptions,
  type GenerationFiles,
  generateToFolder,
  readGenerationFiles,
} from "./generate/generate-folder-node.js";
