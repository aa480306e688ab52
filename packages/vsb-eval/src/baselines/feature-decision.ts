import type { ResponderRequest } from "../run/responder.js";
import { standardizer, trainLogisticRegression } from "./logistic-regression.js";
import type { Decision } from "./word-decisions.js";

/** Features of what an item shows, with the label of its query. */
export interface LabelledFeatures {
  /** [d], the same d everywhere. */
  readonly features: ArrayLike<number>;
  /** 0 safe, 1 harmful. */
  readonly label: 0 | 1;
}

/** Mean over a clip's visual tokens of what the language model gets to see. @param data embeddings [N, d] @param tokens N @returns [d] */
export function meanOfTokens(data: Float32Array, tokens: number): Float64Array {
  const width = data.length / tokens;
  const mean = new Float64Array(width);
  for (const [i, value] of data.entries()) mean[i % width] = (mean[i % width] as number) + value / tokens;
  return mean;
}

/**
 * Logistic regression on dense features, each scaled by the rows that it learns from: what every reader of frames or of pooled embeddings is.
 *
 * @param rows both labels must occur
 * @returns the log-odds of label 1
 */
export function trainFeatureRegression(rows: readonly LabelledFeatures[]): (features: ArrayLike<number>) => number {
  const scale = standardizer(rows.map(({ features }) => features));
  const columns = rows[0]?.features.length ?? 0;
  const model = trainLogisticRegression(
    rows.map(({ features }) => scale(features)),
    rows.map(({ label }) => label),
    { columns, epochs: 10, learningRate: 0.05, penalty: 1e-2 },
  );
  return (features) => model.score(scale(features));
}

/**
 * A baseline that refuses by what it is shown, whatever is asked; without frames it has nothing to read and does not refuse. What it reaches,
 * a benchmark's clips give away without their queries.
 *
 * @param featuresOf features of the frames of a request, as those that it learned from
 */
export function featureDecision(
  rows: readonly LabelledFeatures[],
  featuresOf: (frames: NonNullable<ResponderRequest["frames"]>) => ArrayLike<number> | Promise<ArrayLike<number>>,
): Decision {
  const score = trainFeatureRegression(rows);
  return async ({ frames }) => frames !== null && score(await featuresOf(frames)) > 0;
}
