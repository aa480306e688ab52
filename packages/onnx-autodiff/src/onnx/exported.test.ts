import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  createSession,
  dim,
  grad,
  importModel,
  logSoftmax,
  mul,
  parseOnnxModel,
  pickLast,
  reshape,
  sumAll,
  type TypedData,
  type Value,
} from "../index.js";

interface Exported {
  readonly files: Readonly<Record<string, string>>;
  readonly ids: readonly number[];
  readonly loss: number;
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}
const golden = JSON.parse(
  readFileSync(new URL("../../test/golden/exported.json", import.meta.url), "utf8"),
) as Exported;

/** Row-major [rows, columns] -> its transpose: exporters store weights as [in, out]. */
const transposed = (data: readonly number[], rows: number, columns: number): number[] =>
  Array.from({ length: data.length }, (_, i) => data[(i % rows) * columns + Math.floor(i / rows)] as number);

describe("a transformer exported by torch.onnx.export", () => {
  for (const [exporter, base64] of Object.entries(golden.files)) {
    it(`has PyTorch's loss and gradients after import (${exporter} exporter)`, { timeout: 60_000 }, async () => {
      const model = importModel(parseOnnxModel(Uint8Array.from(Buffer.from(base64, "base64"))), {
        dims: { batch: 2 },
        trainable: (_name, shape) => shape.length >= 1 && shape.every((d) => d > 1),
      });
      const logits = model.outputs.get("logits") as Value;
      const rows = reshape(logits, [10, dim(logits.shape, -1)]);
      const targets = model.graph.input("targets", "int64", [10]);
      const loss = mul(sumAll(pickLast(logSoftmax(rows), targets)), -1 / 10);
      model.graph.output("loss", loss);
      const names = [...model.variables.keys()];
      for (const [i, d] of grad(loss, [...model.variables.values()]).entries()) model.graph.output(`d:${names[i]}`, d);
      await using session = await createSession(model.graph);
      const roll = golden.ids.map((_, i) => golden.ids[i % 5 === 4 ? i - 4 : i + 1] as number);
      const results = await session.run({
        ids: BigInt64Array.from(golden.ids, BigInt),
        targets: BigInt64Array.from(roll, BigInt),
        ...Object.fromEntries([...model.parameters].map(([name, p]): [string, TypedData] => [name, p.data])),
      });
      expect(results.loss?.data[0]).toBeCloseTo(golden.loss, 5);

      // Exporters rename and transpose weights, so gradients are matched by content.
      const found = names.map((name) => ({
        dims: model.parameters.get(name)?.dims ?? [],
        gradient: Array.from(results[`d:${name}`]?.data ?? [], Number),
      }));
      const distance = (a: readonly number[], b: readonly number[]): number =>
        a.length === b.length ? Math.max(...a.map((x, i) => Math.abs(x - (b[i] as number)))) : Number.POSITIVE_INFINITY;
      for (const [name, gradient] of Object.entries(golden.gradients)) {
        const closest = Math.min(
          ...found.map((f) =>
            Math.min(
              distance(gradient, f.gradient),
              distance(gradient, transposed(f.gradient, f.dims[0] ?? 1, f.dims[1] ?? 1)),
            ),
          ),
        );
        expect(closest, name).toBeLessThan(2e-6);
      }
    });
  }
});
