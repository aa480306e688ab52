import { createSession, type Graph, type Session, SessionCache, type SessionOptions } from "@videosafety/onnx-autodiff";

/** A compiled graph with the names of the live parameters it takes as feeds. */
export interface CompiledGraph {
  /** The session. */
  readonly session: Session;
  /** Live parameters among its inputs. */
  readonly parameters: readonly string[];
}

/** A graph to compile. */
export interface GraphPlan {
  /** The graph, with its outputs. */
  readonly graph: Graph;
  /** Names of live parameters among its inputs. */
  readonly parameters: Iterable<string>;
  /** The session repacks the weights of a frozen base: fast for few rows, at the cost of a private copy. */
  readonly packed?: boolean;
}

/**
 * Compiled graphs by key, least recently used out first. A graph that is evicted while a call uses it is freed when the last
 * such call is done.
 */
export class GraphCache {
  readonly #graphs: SessionCache;
  readonly #single = new SessionCache(1);
  readonly #parameters = new WeakMap<Session, readonly string[]>();

  /** @param capacity graphs kept when nobody uses them. */
  constructor(
    private readonly options: SessionOptions,
    capacity: number,
  ) {
    this.#graphs = new SessionCache(capacity);
  }

  /**
   * Runs `work` with the compiled graph under `key`, built if need be; it lives until `work` is done.
   *
   * @param single only one of these graphs is kept: large ones.
   */
  use<T>(
    key: string,
    build: () => GraphPlan,
    work: (compiled: CompiledGraph) => Promise<T>,
    single = false,
  ): Promise<T> {
    const open = async (): Promise<Session> => {
      const { graph, parameters, packed = false } = build();
      const session = await createSession(graph, packed ? { ...this.options, prepacking: true } : this.options);
      this.#parameters.set(session, [...parameters]);
      return session;
    };
    const cache = single ? this.#single : this.#graphs;
    return cache.use(key, open, (session) => work({ session, parameters: this.#parameters.get(session) ?? [] }));
  }

  /** Frees every session that is not in use, and the others once they are not. */
  async clear(): Promise<void> {
    await this.#graphs.dispose();
    await this.#single.dispose();
  }
}
