import { AlarmShapeError } from "../errors.js";
import { resolveLabels, type SampleLabels } from "../labels/label-policy.js";
import type { RecordLocation } from "../labels/record-location.js";
import type { AtSftCounts } from "../loss/at-sft-scale.js";

/** Samples by index, made when they are needed (decoding a video, say). */
export interface SampleSource<Sample> {
  /** Number of samples. */
  readonly length: number;
  /** The sample at an index in [0, length); called again when it is drawn again. */
  get(index: number): Sample | Promise<Sample>;
  /**
   * What tells the sample at an index from others (an id, or the record it is made of) without making it. With it a resumed run
   * is refused when any sample was moved or exchanged; without, sixteen samples are made again and compared.
   */
  fingerprintOf?(index: number): unknown;
}

/** What the trainer must know of a sample. */
export interface SampleDescription {
  /** Tokens that the language loss falls on. */
  readonly assistantTokens: number;
  /** All tokens, visual ones included: for throughput and for grouping by length. */
  readonly sequenceTokens: number;
  /** Its labels; null = unknown (`resolveLabels` makes them from records). */
  readonly labels: SampleLabels;
  /** Named when the sample makes training diverge, or is malformed. */
  readonly location?: RecordLocation;
}

/** What `trainAtSft` trains and evaluates on. */
export interface TrainingData<Sample> {
  /** Named sources; `config.mixture` says how much of each an epoch takes. */
  readonly sources: Readonly<Record<string, readonly Sample[] | SampleSource<Sample>>>;
  /** Describes a sample. */
  describe(sample: Sample): SampleDescription;
  /** Held-out samples for the evaluations; none, no evaluations. */
  readonly evaluation?: readonly Sample[];
}

/** Fetches one sample of a source. */
export function sampleOf<Sample>(
  source: readonly Sample[] | SampleSource<Sample>,
  index: number,
): Sample | Promise<Sample> {
  return "get" in source ? source.get(index) : (source[index] as Sample);
}

/**
 * Describes a sample and checks the description.
 *
 * @throws SafetyLabelError, AlarmShapeError naming the record.
 */
export function describeChecked<Sample>(data: TrainingData<Sample>, sample: Sample): SampleDescription {
  const description = data.describe(sample);
  const { assistantTokens, sequenceTokens, location } = description;
  const labels = resolveLabels(description.labels, { unlabeled: "mask", partial: "mask" }, location);
  if (!(Number.isInteger(assistantTokens) && assistantTokens >= 0 && assistantTokens <= sequenceTokens)) {
    throw new AlarmShapeError(
      `expected 0 <= assistantTokens <= sequenceTokens, found ${assistantTokens} and ${sequenceTokens}; count both over the whole sample`,
      { location },
    );
  }
  return { ...description, labels };
}

/** What the loss of a batch is normalised by (`atSftScale`). */
export function batchCounts(batch: readonly SampleDescription[]): AtSftCounts {
  const count = (counted: (sample: SampleDescription) => number): number =>
    batch.reduce((sum, sample) => sum + counted(sample), 0);
  return {
    tokens: count((sample) => sample.assistantTokens),
    visual: count((sample) => (sample.labels.visual === null ? 0 : 1)),
    textual: count((sample) => (sample.labels.textual === null ? 0 : 1)),
    samples: batch.length,
  };
}
