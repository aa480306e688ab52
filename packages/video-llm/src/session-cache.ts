import type { Graph, Session, SessionOptions } from "@videosafety/onnx-autodiff";
import { createSession } from "@videosafety/onnx-autodiff";

/** A compiled graph with the names of the live parameters it takes as feeds. */
export interface CompiledView {
  /** The session. */
  readonly session: Session;
  /** Live parameters among its inputs. */
  readonly parameters: readonly string[];
}

/** Compiled graphs by key, least recently used first out. Concurrent requests for one key share one compilation. */
export class SessionCache {
  readonly #views = new Map<string, Promise<CompiledView>>();

  constructor(
    private readonly options: SessionOptions,
    private readonly capacity = 48,
  ) {}

  /** The view under `key`, built if need be. */
  async get(key: string, build: () => { graph: Graph; parameters: Iterable<string> }): Promise<CompiledView> {
    const found = this.#views.get(key);
    if (found !== undefined) {
      this.#views.delete(key);
      this.#views.set(key, found);
      return found;
    }
    const { graph, parameters } = build();
    const compiled = createSession(graph, this.options).then((session) => ({ session, parameters: [...parameters] }));
    this.#views.set(key, compiled);
    compiled.catch(() => this.#views.delete(key));
    await this.#evict();
    return compiled;
  }

  /** Frees every session. */
  async clear(): Promise<void> {
    const views = [...this.#views.values()];
    this.#views.clear();
    for (const view of views) await (await view).session.dispose();
  }

  async #evict(): Promise<void> {
    while (this.#views.size > this.capacity) {
      const [oldest] = this.#views;
      if (oldest === undefined) return;
      this.#views.delete(oldest[0]);
      await (await oldest[1]).session.dispose();
    }
  }
}
