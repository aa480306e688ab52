import { type RgbFrames, resizePillow } from "@videosafety/video-sampler";
import jpeg from "jpeg-js";
import { VsbEvalError } from "../errors.js";
import { encodeJpeg } from "../report/jpeg.js";
import { drawBandInto, frameOf } from "./draw-letters.js";
import type { Footage, PictureEdit, Shot } from "./footage.js";

/** Where a frame of a source comes from. */
export type FootageFrames = (source: "item" | "carrier", seconds: readonly number[]) => Promise<RgbFrames>;

/** Which moments of which source an attacked video shows at some of its moments. */
interface Needed {
  readonly item: Map<number, number>;
  readonly carrier: Map<number, number>;
}

const shotAt = ({ shots }: Footage, seconds: number): Shot => {
  const shot = shots.find(
    ({ startSeconds, endSeconds }) => seconds >= startSeconds - 1e-9 && seconds < endSeconds - 1e-9,
  );
  const last = shot ?? shots.at(-1);
  if (last === undefined)
    throw new VsbEvalError("invalid_input", "expected footage with at least one shot, found none");
  return last;
};

/** Pictures that were changed before, by what they show; `of` names the clips, and what was changed in them. */
export interface EditedFrames {
  /** The pictures. */
  readonly kept: Map<string, Uint8Array>;
  /** Names the item's clip, its variant and the carrier. */
  readonly of: string;
}

/** All that a changed picture depends on: which moment of which source, and the edits with the moments that they show. */
function pictureKey(of: string, footage: Footage, at: number): string {
  const shot = shotAt(footage, at);
  const edits = editsAt(footage, at).map(({ startSeconds, endSeconds: _, ...edit }) =>
    edit.kind === "inset" ? { ...edit, sourceSeconds: sourceTime({ ...edit, startSeconds, rate: 1 }, at) } : edit,
  );
  return JSON.stringify([of, shot.source, sourceTime(shot, at), edits]);
}

const sourceTime = (
  { startSeconds, sourceSeconds, rate }: Pick<Shot, "startSeconds" | "sourceSeconds" | "rate">,
  at: number,
): number => Math.max(0, sourceSeconds + (at - startSeconds) * rate);

const editsAt = ({ edits }: Footage, seconds: number): PictureEdit[] =>
  edits.filter(({ startSeconds, endSeconds }) => seconds >= startSeconds - 1e-9 && seconds < endSeconds + 1e-9);

/**
 * The frames of an attacked video at given moments, [T, H, W, 3] of the item's size. Each source is asked once, for the moments that are
 * needed; a carrier of another size is resized.
 */
export async function renderFootage(
  footage: Footage,
  seconds: readonly number[],
  frames: FootageFrames,
  edited?: EditedFrames,
): Promise<RgbFrames> {
  const needed: Needed = { item: new Map(), carrier: new Map() };
  const need = (source: "item" | "carrier", at: number): number => {
    const known = needed[source].get(at) ?? needed[source].size;
    needed[source].set(at, known);
    return known;
  };
  // The item's size is the size of the result, so one of its frames is always asked for.
  need("item", 0);
  const plan = seconds.map((at) => {
    const shot = shotAt(footage, at);
    const base = { source: shot.source, index: need(shot.source, sourceTime(shot, at)) };
    const edits = editsAt(footage, at).map((edit) => ({
      edit,
      index: edit.kind === "inset" ? need("item", sourceTime({ ...edit, rate: 1 }, at)) : -1,
    }));
    return { base, edits };
  });
  const item = await frames("item", [...needed.item.keys()]);
  const [, height, width] = item.dims;
  let carrier: RgbFrames | null = null;
  if (needed.carrier.size > 0) {
    const asked = await frames("carrier", [...needed.carrier.keys()]);
    carrier = asked.dims[1] === height && asked.dims[2] === width ? asked : resizePillow(asked, { height, width });
  }
  const size = height * width * 3;
  const data = new Uint8Array(seconds.length * size);
  for (const [t, { base, edits }] of plan.entries()) {
    const target = data.subarray(t * size, (t + 1) * size);
    const key =
      edited === undefined || edits.length === 0 ? null : pictureKey(edited.of, footage, seconds[t] as number);
    const known = key === null ? undefined : edited?.kept.get(key);
    if (known !== undefined) {
      target.set(known);
      continue;
    }
    target.set(frameOf(base.source === "item" ? item : (carrier as RgbFrames), base.index));
    for (const { edit, index } of edits)
      editInto(target, [height, width], edit, index < 0 ? null : frameOf(item, index));
    if (key !== null) edited?.kept.set(key, target.slice());
  }
  return { data, dims: [seconds.length, height, width, 3] };
}

function editInto(
  target: Uint8Array,
  size: readonly [number, number],
  edit: PictureEdit,
  inset: Uint8Array | null,
): void {
  const [height, width] = size;
  if (edit.kind === "text") drawBandInto(target, size, edit.text, edit);
  else if (edit.kind === "jpeg") {
    const { data } = jpeg.decode(encodeJpeg(target, width, height, edit.quality), {
      useTArray: true,
      formatAsRGBA: false,
    });
    target.set(data.subarray(0, target.length));
  } else if (inset !== null) insetInto(target, size, edit, inset);
}

/** Lays a picture over a frame, scaled and blended. */
function insetInto(
  target: Uint8Array,
  [height, width]: readonly [number, number],
  { scale, left, top, opacity }: Extract<PictureEdit, { kind: "inset" }>,
  picture: Uint8Array,
): void {
  const rows = Math.max(1, Math.round(height * scale));
  const columns = Math.max(1, Math.round(width * scale));
  const small =
    rows === height && columns === width
      ? picture
      : resizePillow({ data: picture, dims: [1, height, width, 3] }, { height: rows, width: columns }).data;
  const [y0, x0] = [Math.round(top * (height - rows)), Math.round(left * (width - columns))];
  for (let y = 0; y < rows; y++)
    for (let i = 0; i < columns * 3; i++) {
      const at = ((y0 + y) * width + x0) * 3 + i;
      const below = target[at] as number;
      target[at] = Math.round(below + opacity * ((small[y * columns * 3 + i] as number) - below));
    }
}
