import type { PacketEntry } from "../plan/frame-index.js";
import type { ByteRange } from "../source/byte-ranges.js";
import { checkMp4Claims } from "../source/check-claims-node.js";
import { mp4IndexRanges } from "../source/mp4-boxes.js";
import type { PartialFile } from "../source/partial-file-node.js";
import type { RemoteMedia } from "../source/remote-media.js";
import { loadNodeAv, type NodeAv } from "./node-av/node-av-loader-node.js";
import { findVideoStream, newPacket, openFormat, packetEntry } from "./node-av/node-av-open-node.js";
import type { OpenOptions } from "./open-options.js";

/** libav reads at most this many bytes of packets to learn about the streams (its `probesize`). */
const PROBE_BYTES = 5_000_000;
/** Codecs whose packets an MP4 index lists completely; for others libav looks into the packets. */
const LISTED_BY_INDEX = ["h264", "hevc", "av1", "vp9", "mpeg4", "mjpeg", "prores"];

/**
 * Fetches the index of an MP4 or QuickTime file, and of its media data only what libav reads to open it. Listing works on
 * the holes, which read as zeros: where the packets lie, when they are shown and which are keyframes is in the index, and
 * libav itself reads it there, edit lists and all.
 * @returns null where the index does not say everything: then the whole file is needed
 */
export async function fetchMp4Index(file: PartialFile, options: OpenOptions): Promise<RemoteMedia | null> {
  const index = await mp4IndexRanges(file.totalBytes, (start, end) => file.read(start, end));
  if (index === null) return null;
  await file.fetch(index);
  await checkMp4Claims((start, end) => file.read(start, end), file.totalBytes, options.limits);
  const packets = await listPackets(await loadNodeAv(), file.path, options);
  if (packets === null) return null;
  const { entries, places } = packets;
  let probed = 0;
  await file.fetch(
    places.filter(({ start, end }) => {
      probed += end - start;
      return probed - (end - start) < PROBE_BYTES;
    }),
  );
  return {
    entries,
    fetchPackets: (spans, signal) =>
      file.fetch(
        spans.flatMap(({ start, end }) => places.slice(start, end)),
        signal,
      ),
    fetchAll: (signal) => file.fetchAll(signal),
  };
}

/** Packets and their places by the index alone; null for a codec whose packets have to be looked into. */
async function listPackets(
  av: NodeAv,
  path: string,
  { stream: choice }: OpenOptions,
): Promise<{ entries: PacketEntry[]; places: ByteRange[] } | null> {
  const { lib, constants } = av;
  const format = await openFormat(av, { url: `file:${path}`, protocols: "file" }, "index").catch(() => null);
  if (format === null) return null;
  const packet = newPacket(av);
  try {
    const stream = findVideoStream(av, format, choice);
    if (!LISTED_BY_INDEX.includes(lib.avGetCodecName(stream.codecpar.codecId) ?? "")) return null;
    for (const other of format.streams) if (other.index !== stream.index) other.discard = constants.AVDISCARD_ALL;
    const entries: PacketEntry[] = [];
    const places: ByteRange[] = [];
    while (format.readFrameSync(packet) >= 0) {
      if (packet.streamIndex === stream.index) {
        entries.push(packetEntry(av, packet));
        places.push({ start: Number(packet.pos), end: Number(packet.pos) + packet.size });
      }
      packet.unref();
    }
    return places.some(({ start }) => start < 0) ? null : { entries, places };
  } catch {
    return null; // said again, and better, once the whole file is here
  } finally {
    packet.free();
    await format.closeInput();
  }
}
