import type { EvalItem } from "@videosafety/safety-data";
import { videoFrames } from "../arms/video-frames-node.js";
import { frameSheetJpeg } from "../report/frame-sheet.js";

/** The frames of items as JPEG files with their times; null for an item without a video. */
export function framePictures(root: string): (item: EvalItem) => Promise<Uint8Array | null> {
  const source = videoFrames({ root });
  return async ({ video }) => {
    if (video === null) return null;
    return frameSheetJpeg(await source.sample(video, { frameCount: 12 }));
  };
}
