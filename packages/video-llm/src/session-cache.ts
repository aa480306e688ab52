import type { Graph, Session, SessionOptions } from "@videosafety/onnx-autodiff";
import { createSession } from "@videosafety/onnx-autodiff";

/** A compiled graph with the names of the live parameters it takes as feeds. */
export interface CompiledView {
  /** The session. */
  readonly session: Session;
  /** Live parameters among its inputs. */
  readonly parameters: readonly string[];
}

/** A graph to compile. */
export interface ViewPlan {
  /** The graph, with its outputs. */
  readonly graph: Graph;
  /** Names of live parameters among its inputs. */
  readonly parameters: Iterable<string>;
  /** Holds a repacked copy of all weights of a frozen base: only one such session is kept. */
  readonly packed?: boolean;
}

interface Entry {
  readonly view: Promise<CompiledView>;
  readonly packed: boolean;
  users: number;
  evicted: boolean;
}

/**
 * Compiled graphs by key, least recently used first out. Concurrent requests for one key share one compilation, and a graph
 * that is evicted while a call uses it is freed when the last such call is done.
 */
export class SessionCache {
  readonly #entries = new Map<string, Entry>();

  /** @param capacity graphs kept when nobody uses them. */
  constructor(
    private readonly options: SessionOptions,
    private readonly capacity = 48,
  ) {}

  /** Runs `work` with the view under `key`, built if need be; the view lives until `work` is done. */
  async use<T>(key: string, build: () => ViewPlan, work: (view: CompiledView) => Promise<T>): Promise<T> {
    const entry = this.#entries.get(key) ?? this.#start(build());
    this.#entries.delete(key); // again as the most recent
    this.#entries.set(key, entry);
    entry.users += 1;
    try {
      for (const [other, { packed }] of this.#entries)
        if (other !== key && ((entry.packed && packed) || this.#entries.size > this.capacity)) await this.#evict(other);
      return await work(await entry.view);
    } catch (error) {
      await entry.view.catch(() => this.#entries.get(key) === entry && this.#entries.delete(key));
      throw error;
    } finally {
      entry.users -= 1;
      await this.#free(entry);
    }
  }

  /** Frees every session that is not in use, and the others once they are not. */
  async clear(): Promise<void> {
    for (const key of [...this.#entries.keys()]) await this.#evict(key);
  }

  #start({ graph, parameters, packed = false }: ViewPlan): Entry {
    const options = packed ? { ...this.options, prepacking: true } : this.options;
    const view = createSession(graph, options).then((session) => ({ session, parameters: [...parameters] }));
    view.catch(() => {}); // seen by whoever awaits it
    return { view, packed, users: 0, evicted: false };
  }

  async #evict(key: string): Promise<void> {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    entry.evicted = true;
    await this.#free(entry);
  }

  async #free(entry: Entry): Promise<void> {
    if (!entry.evicted || entry.users > 0) return;
    const view = await entry.view.catch(() => null);
    await view?.session.dispose();
  }
}
