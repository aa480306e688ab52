import {
  describeDataChange,
  fingerprintOf,
  fingerprintRows,
  type StoredTensor,
  type TensorToStore,
} from "@videosafety/onnx-autodiff";
import { sampleOf, type TrainingData } from "./training-data.js";

/** Samples of a source without fingerprints of its own that a resumed run looks at again. */
const PROBES = 16;

/**
 * Tells the training data of a run from others. Arrays and sources with `fingerprintOf` are known row by row. Of other sources,
 * whose samples are made when they are drawn, the first sixteen drawn ones are kept: they find data in another order, and most
 * exchanged data.
 */
export class DataIdentity<Sample = unknown> {
  readonly #data: TrainingData<Sample>;
  readonly #rows = new Map<string, Int32Array>();
  readonly #probes = new Map<string, Map<number, [number, number]>>();

  constructor(data: TrainingData<Sample>) {
    this.#data = data;
    for (const [name, source] of Object.entries(data.sources)) {
      if (!("get" in source)) this.#rows.set(name, fingerprintRows(source));
      else if (source.fingerprintOf) {
        const rows = Array.from({ length: source.length }, (_, index) => source.fingerprintOf?.(index));
        this.#rows.set(name, fingerprintRows(rows));
      } else this.#probes.set(name, new Map());
    }
  }

  /** Notes a drawn sample. */
  drawn(source: string, index: number, sample: Sample): void {
    const probes = this.#probes.get(source);
    if (probes && probes.size < PROBES && !probes.has(index)) probes.set(index, fingerprintOf(sample));
  }

  /** Length of each source. */
  sourceLengths(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.#data.sources).map(([name, { length }]) => [name, length]));
  }

  /** For the checkpoint: `rows.<source>` [rows, 2], or `probes.<source>` [probes, 3] with the index first. */
  tensors(): Map<string, TensorToStore> {
    const tensors = new Map<string, TensorToStore>();
    for (const [name, data] of this.#rows) tensors.set(`rows.${name}`, { data, dims: [data.length / 2, 2] });
    for (const [name, probes] of this.#probes) {
      const data = Int32Array.from([...probes].flatMap(([index, words]) => [index, ...words]));
      tensors.set(`probes.${name}`, { data, dims: [probes.size, 3] });
    }
    return tensors;
  }

  /** How the data of a checkpoint differ from these, or null; notes the checkpoint's probes as drawn. */
  async differenceFrom(
    savedLengths: Readonly<Record<string, number>>,
    saved: ReadonlyMap<string, StoredTensor>,
  ): Promise<string | null> {
    const lengths = this.sourceLengths();
    const names = Object.keys(lengths);
    // The order of the sources decides the order of the samples.
    if (names.join("\n") !== Object.keys(savedLengths).join("\n"))
      return `the sources are ${names.join(", ")}, they were ${Object.keys(savedLengths).join(", ")}`;
    for (const name of names)
      if (lengths[name] !== savedLengths[name])
        return `source ${name} has ${lengths[name]} samples, it had ${savedLengths[name]}`;
    for (const [name, rows] of this.#rows) {
      const before = saved.get(`rows.${name}`)?.data;
      if (!(before instanceof Int32Array)) return `source ${name} was told by other means`;
      const change = describeDataChange(before, rows);
      if (change !== null) return `in source ${name} ${change}`;
    }
    for (const name of this.#probes.keys()) {
      const before = saved.get(`probes.${name}`)?.data;
      if (!(before instanceof Int32Array)) return `source ${name} was told by other means`;
      const source = this.#data.sources[name] as TrainingData<Sample>["sources"][string];
      for (let i = 0; i + 2 < before.length; i += 3) {
        const [index, a, b] = [before[i] as number, before[i + 1], before[i + 2]];
        if (!(index >= 0 && index < source.length)) return `source ${name} has no sample ${index}`;
        const sample = await sampleOf(source, index);
        const found = fingerprintOf(sample);
        if (found[0] !== a || found[1] !== b)
          return `source ${name} has another sample ${index} (or the same, rounded differently: give the source fingerprintOf)`;
        this.drawn(name, index, sample);
      }
    }
    return null;
  }
}
