import type { EvalItem } from "@videosafety/safety-data";
import { contactSheet } from "@videosafety/video-sampler";
import { videoFrames } from "../arms/video-frames-node.js";
import { encodeJpeg } from "../report/contact-sheet.js";

/** The frames of items as JPEG files with their times; null for an item without a video. */
export function framePictures(root: string): (item: EvalItem) => Promise<Uint8Array | null> {
  const source = videoFrames({ root });
  return async ({ video }) => {
    if (video === null) return null;
    const sheet = contactSheet(await source.sample(video, { frameCount: 12 }), { columns: 4, frameWidth: 200 });
    return encodeJpeg(sheet.data, sheet.width, sheet.height, 78);
  };
}
