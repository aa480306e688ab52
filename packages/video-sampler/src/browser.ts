export type { BrowserSource } from "./decode/browser-decoder.js";
export * from "./portable.js";
export { openVideo, sampleFrames } from "./sample/sample-frames-browser.js";
