import { add, availableProviders, Graph, type ProviderReport, reportProviders } from "@videosafety/onnx-autodiff";
import { closest } from "../command/closest.js";
import { DefenseError } from "../errors.js";

/** What a graph of one addition did on a provider. */
export interface ProviderState {
  /** As run files name it. */
  readonly name: string;
  /** Whether this build of onnxruntime-node brings it. */
  readonly bundled: boolean;
  /** Where the addition ran; null when no session could be opened. */
  readonly ranOn: string | null;
  /** Why not. */
  readonly problem: string | null;
}

/** Tries every provider that onnxruntime-node knows with a graph of one addition, and says where it really ran. */
export async function providerStates(): Promise<ProviderState[]> {
  const states: ProviderState[] = [];
  for (const { name, bundled } of availableProviders()) {
    try {
      const [first] = await tryProvider(name);
      states.push({ name, bundled, ranOn: first?.provider ?? null, problem: null });
    } catch (error) {
      states.push({ name, bundled, ranOn: null, problem: firstLine(error) });
    }
  }
  return states;
}

/**
 * Checks that sessions open on the providers of a run, before hours are spent.
 *
 * @throws DefenseError `provider-absent` naming the provider and those that are there
 */
export async function checkProviders(providers: readonly string[]): Promise<void> {
  const known = availableProviders().map(({ name }) => name);
  for (const name of providers) {
    if (!known.includes(name)) {
      const near = closest(name, known);
      throw new DefenseError(
        "provider-absent",
        `expected providers among ${known.join(", ")}, found ${JSON.stringify(name)}${near === null ? "" : `; did you mean ${near}?`}`,
      );
    }
    if (name === "cpu") continue;
    await tryProvider(name).catch((cause) => {
      throw new DefenseError(
        "provider-absent",
        `${name}: expected a device and its libraries on this machine, found: ${firstLine(cause)}; take cpu, or see videosafety doctor`,
        { cause },
      );
    });
  }
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";

async function tryProvider(name: string): Promise<ProviderReport[]> {
  const graph = new Graph();
  const a = graph.input("a", "float32", [4]);
  graph.output("sum", add(a, a));
  return reportProviders(graph, { a: Float32Array.of(1, 2, 3, 4) }, { providers: [name] });
}
