import { type ContactSheetOptions, contactSheet, type SampledVideo } from "@videosafety/video-sampler";
import { encodeJpeg, toBase64 } from "./jpeg.js";

/** Frames of a video with their times, as a JPEG file; null for a video without frames. See video-sampler's `contactSheet`. */
export function frameSheetJpeg(video: SampledVideo, options: ContactSheetOptions = {}): Uint8Array | null {
  if (video.frames.dims[0] === 0) return null;
  const sheet = contactSheet(video, { columns: 4, frameWidth: 200, maxFrames: 12, ...options });
  return encodeJpeg(sheet.data, sheet.width, sheet.height, 78);
}

/** The same as a `data:image/jpeg` address, to be embedded in a report. */
export function frameSheet(video: SampledVideo, options: ContactSheetOptions = {}): string | null {
  const file = frameSheetJpeg(video, options);
  return file === null ? null : `data:image/jpeg;base64,${toBase64(file)}`;
}
