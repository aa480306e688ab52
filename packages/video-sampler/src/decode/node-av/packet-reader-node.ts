import type { FormatContext, Packet } from "node-av/lib";

/** Reads the packets of one stream. The first one may have been read when the file was opened; it is given out again. */
export class PacketReader {
  readonly #format: FormatContext;
  readonly #streamIndex: number;
  #first: Packet | null;

  constructor(format: FormatContext, streamIndex: number, first: Packet | null) {
    this.#format = format;
    this.#streamIndex = streamIndex;
    this.#first = first;
  }

  /** Reads the next packet into an empty one. @returns false at the end */
  read(packet: Packet): boolean {
    if (this.#first !== null) {
      packet.ref(this.#first);
      this.forgetFirst();
      return true;
    }
    while (this.#format.readFrameSync(packet) >= 0) {
      if (packet.streamIndex === this.#streamIndex) return true;
      packet.unref();
    }
    return false;
  }

  /** For jumps, after which it would be out of place, and for the end. */
  forgetFirst(): void {
    this.#first?.free();
    this.#first = null;
  }
}
