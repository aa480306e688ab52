/** jax-js runs its kernels in Web Workers made from blob URLs. Node has the parts but not the global: this joins them. */
import { resolveObjectURL } from "node:buffer";
import { Worker as NodeWorker } from "node:worker_threads";

/** jax-js uses iterator helpers, which Node 20 lacks. */
const iterator = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
for (const method of ["map", "filter", "some", "every", "reduce", "find", "flatMap", "forEach"]) {
  iterator[method] ??= function (...args) {
    const list = [...this][method](...args);
    return Array.isArray(list) ? list[Symbol.iterator]() : list;
  };
}
iterator.toArray ??= function () {
  return [...this];
};

const PRELUDE = `
  const { parentPort } = require("node:worker_threads");
  globalThis.self = globalThis;
  globalThis.postMessage = (message) => parentPort.postMessage(message);
  parentPort.on("message", (data) => self.onmessage({ data }));
`;

class BlobWorker {
  #node;
  #waiting = [];
  constructor(url) {
    resolveObjectURL(url)
      .text()
      .then((source) => {
        this.#node = new NodeWorker(PRELUDE + source, { eval: true });
        this.#node.unref();
        this.#node.on("message", (data) => this.onmessage?.({ data }));
        this.#node.on("error", (error) => this.onerror?.(error));
        for (const message of this.#waiting) this.#node.postMessage(message);
      });
  }
  postMessage(message) {
    if (this.#node) this.#node.postMessage(message);
    else this.#waiting.push(message);
  }
}

/** Gives jax-js `threads` workers; with 1 it runs its kernels on the main thread, as on plain Node. */
export function registerWebWorkers(threads) {
  if (threads < 2) return;
  globalThis.Worker = BlobWorker;
  Object.defineProperty(globalThis, "navigator", { value: { hardwareConcurrency: threads }, configurable: true });
}
