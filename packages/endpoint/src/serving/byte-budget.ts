import { OverloadedError } from "./request-error.js";

/** Bounds the bytes of bodies that are in memory at a time. */
export interface ByteBudget {
  /** Bytes held now. */
  readonly heldBytes: number;
  /**
   * Makes room for one body, while `work` runs. One body is let in however large: its own limit bounds it.
   *
   * @param announced its `Content-Length`; undefined or 0: not told, so room for the largest is held until `work` calls `settle` with the bytes that came
   * @throws OverloadedError
   */
  hold<T>(announced: string | undefined, work: (settle: (bytes: number) => void) => Promise<T>): Promise<T>;
}

/** Makes a budget: `maxBytes` of all bodies together, `maxBodyBytes` of one body. */
export function createByteBudget(maxBytes: number, maxBodyBytes: number): ByteBudget {
  let heldBytes = 0;
  return {
    get heldBytes() {
      return heldBytes;
    },
    async hold(announced, work) {
      let held = Math.min(maxBodyBytes, Number(announced ?? 0) || maxBodyBytes);
      if (heldBytes > 0 && heldBytes + held > maxBytes)
        throw new OverloadedError(`expected at most ${maxBytes} bytes of bodies at a time: try again later`);
      heldBytes += held;
      try {
        return await work((bytes) => {
          heldBytes += bytes - held;
          held = bytes;
        });
      } finally {
        heldBytes -= held;
      }
    },
  };
}
