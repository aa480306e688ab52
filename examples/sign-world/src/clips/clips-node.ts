import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { CLIP_FPS, CLIP_SIZE } from "../scenes/canvas.js";
import { type ClipEncoder, openClipEncoder } from "./encoder-node.js";

/** A clip to write: its file name and how its frames are made. */
export interface RenderedClip {
  /** Relative path with forward slashes, ending in `.mp4`; unique within one plan. */
  readonly path: string;
  /** All frames, RGB [112, 112, 3] each. */
  readonly render: () => readonly Uint8Array[];
}

/** Options of {@link writeClips}. */
export interface WriteClipsOptions {
  /** Stops between two clips. */
  readonly signal?: AbortSignal;
  /** Called after each clip. */
  readonly onProgress?: (done: number, total: number) => void;
  /** The encoder; by default the first one that works. */
  readonly encoder?: ClipEncoder;
}

/**
 * Renders and encodes clips into `folder` (created if missing). A clip that is there already is kept: its name contains
 * the seed, and files appear only when complete, so a killed run goes on where it stopped.
 *
 * @throws {ClipEncodingError} when there is no encoder, or a file cannot be written.
 */
export async function writeClips(
  folder: string,
  clips: readonly RenderedClip[],
  options: WriteClipsOptions = {},
): Promise<void> {
  const encoder = options.encoder ?? (await openClipEncoder());
  const folders = new Set(clips.map((clip) => join(folder, clip.path, "..")));
  for (const path of folders) await mkdir(path, { recursive: true });
  for (const [i, clip] of clips.entries()) {
    options.signal?.throwIfAborted();
    const path = join(folder, clip.path);
    if (!existsSync(path)) {
      await encoder.encode(clip.render(), { path, width: CLIP_SIZE, height: CLIP_SIZE, fps: CLIP_FPS });
    }
    options.onProgress?.(i + 1, clips.length);
    if (i % 8 === 7) await new Promise((resolve) => setImmediate(resolve)); // let timers and signals in
  }
}
