import type { DecodedFrame } from "../decoder.js";
import type { FfmpegRun } from "./ffmpeg-program-node.js";
import { isDamageWarning } from "./ffmpeg-report.js";

/** What the showinfo filter says about one frame. */
export interface ShownFrame extends Pick<DecodedFrame, "ptsTicks" | "duration" | "keyframe" | "size"> {
  /** libav's name of the pixel format. */
  readonly pixelFormat: string;
  /** Whether the picture is predicted from others. */
  readonly predicted: boolean;
  /** Frames since the filter graph was built; a change of size or format builds it anew. */
  readonly sinceGraph: number;
  /** How many frames the first showinfo filter had seen before this one. */
  readonly ordinal: number;
}

/**
 * Reads what showinfo filters say. A graph `showinfo,select,...,showinfo` has two: the first counts every frame, whatever happens
 * to the graph on the way, the last describes those that come out.
 */
export class ShowInfoReader {
  /** Whether a frame decoded before the last one read was called corrupt. */
  sawDamage = false;
  #counted = -1;
  readonly #run: FfmpegRun;
  readonly #twofold: boolean;

  constructor(run: FfmpegRun, twofold = false) {
    this.#run = run;
    this.#twofold = twofold;
  }

  /** Facts of the next frame that comes out, or null at the end. Lines that were read are forgotten. */
  async next(): Promise<ShownFrame | null> {
    for (;;) {
      const line = this.#run.messages.shift();
      if (line === undefined) {
        if (this.#run.messagesEnded) return null;
        await this.#run.nextMessage();
        continue;
      }
      this.sawDamage ||= isDamageWarning(line);
      const [, filter] = /Parsed_showinfo_(\d+) /.exec(line) ?? [];
      const [, sinceGraph] = / n: *(\d+) /.exec(line) ?? [];
      if (filter === undefined || sinceGraph === undefined) continue;
      if (filter === "0") this.#counted++;
      if (this.#twofold && filter === "0") continue;
      const number = (pattern: RegExp) => Number(pattern.exec(line)?.[1] ?? Number.NaN);
      const [, pixelFormat = "", width, height] = / fmt:(\w+) .*? s:(\d+)x(\d+) /.exec(line) ?? [];
      return {
        ptsTicks: number(/ pts: *(-?\d+)/),
        duration: number(/ duration: *(\d+)/) || 0,
        keyframe: / iskey:1/.test(line),
        pixelFormat,
        predicted: / type:[PB] /.test(line),
        size: { height: Number(height), width: Number(width) },
        sinceGraph: Number(sinceGraph),
        ordinal: this.#counted,
      };
    }
  }
}
