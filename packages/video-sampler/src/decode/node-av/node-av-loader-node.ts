import { NoBackendError } from "../../errors.js";

type Lib = typeof import("node-av/lib");
type Constants = typeof import("node-av/constants");
type FilterModule = typeof import("node-av/api");

/** The parts of node-av that are used. */
export interface NodeAv {
  /** Low-level libav bindings. */
  readonly lib: Lib;
  /** Filter graphs. */
  readonly FilterAPI: FilterModule["FilterAPI"];
  /** libav's constants. */
  readonly constants: Constants;
}

let loaded: Promise<NodeAv> | undefined;

/**
 * Loads node-av once. Node 20 lacks `Promise.withResolvers`, without which node-av silently yields nothing, so it is
 * supplied first. libav's own log is switched off: libraries do not print.
 * @throws NoBackendError when the package or its binary for this platform is absent
 */
export function loadNodeAv(): Promise<NodeAv> {
  loaded ??= importNodeAv().catch((cause: unknown) => {
    loaded = undefined;
    throw new NoBackendError(
      `node-av could not be loaded on ${process.platform}-${process.arch}. Install it (npm i node-av, without --omit=optional), or use backend "ffmpeg".`,
      { cause },
    );
  });
  return loaded;
}

async function importNodeAv(): Promise<NodeAv> {
  supplyPromiseWithResolvers();
  const [lib, api, constants] = await Promise.all([
    import("node-av/lib"),
    import("node-av/api"),
    import("node-av/constants"),
  ]);
  lib.Log.setLevel(constants.AV_LOG_QUIET);
  return { lib, FilterAPI: api.FilterAPI, constants };
}

/** Defines `Promise.withResolvers` where the runtime has none (Node 20). */
export function supplyPromiseWithResolvers(): void {
  if ("withResolvers" in Promise) return;
  Object.defineProperty(Promise, "withResolvers", {
    configurable: true,
    writable: true,
    value: function withResolvers<T>(this: PromiseConstructor) {
      let resolve!: (value: T | PromiseLike<T>) => void;
      let reject!: (reason?: unknown) => void;
      const promise = new this<T>((onResolve, onReject) => {
        resolve = onResolve;
        reject = onReject;
      });
      return { promise, resolve, reject };
    },
  });
}
