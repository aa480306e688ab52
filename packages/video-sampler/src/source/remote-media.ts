import type { PacketEntry } from "../plan/frame-index.js";
import type { ByteRange } from "./byte-ranges.js";

/** The video stream of a file of which only parts are here yet. */
export interface RemoteMedia {
  /** Its packets in decode order, from the file's index. */
  readonly entries: PacketEntry[];
  /**
   * Makes packets readable.
   * @param spans decode positions [start, end)
   * @returns whether bytes had to be fetched, so that what libav has buffered is stale
   */
  fetchPackets(spans: readonly ByteRange[], signal?: AbortSignal): Promise<boolean>;
  /** Makes the whole file readable. @returns as {@link RemoteMedia.fetchPackets} */
  fetchAll(signal?: AbortSignal): Promise<boolean>;
}
