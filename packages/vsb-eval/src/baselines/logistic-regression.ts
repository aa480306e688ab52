import { createRng } from "@videosafety/random";

/** A row of features: values at some columns, 0 elsewhere. */
export interface SparseRow {
  /** Columns, each once. */
  readonly columns: readonly number[];
  /** Their values. */
  readonly values: readonly number[];
}

/** A trained logistic regression. */
export interface LogisticRegression {
  /** Log-odds of label 1. */
  score(row: SparseRow): number;
  /** One weight per column. */
  readonly weights: Float64Array;
  /** Intercept. */
  readonly bias: number;
}

/** How {@link trainLogisticRegression} learns. */
export interface LogisticRegressionOptions {
  /** Number of columns. */
  readonly columns: number;
  /** Passes over the rows. Default 60. */
  readonly epochs?: number;
  /** Weight of the squared norm, per row. Default 1e-4. */
  readonly penalty?: number;
  /** Step size of AdaGrad. Default 0.5. */
  readonly learningRate?: number;
  /** Of the order of rows. Default 0. */
  readonly seed?: number;
}

/**
 * L2-penalised logistic regression by AdaGrad (Duchi, Hazan and Singer 2011), deterministic for a seed. The two labels
 * weigh the same however many rows each has, as balanced accuracy counts them.
 *
 * @param rows features [n]
 * @param labels 0 or 1 [n]; both must occur
 */
export function trainLogisticRegression(
  rows: readonly SparseRow[],
  labels: readonly (0 | 1)[],
  options: LogisticRegressionOptions,
): LogisticRegression {
  const { columns, epochs = 60, penalty = 1e-4, learningRate = 0.5, seed = 0 } = options;
  const positives = labels.reduce<number>((sum, label) => sum + label, 0);
  if (rows.length !== labels.length || positives === 0 || positives === labels.length)
    throw new RangeError(
      `expected rows of both labels, found ${rows.length} rows, ${positives} of ${labels.length} labels 1`,
    );
  const importance = [labels.length / (2 * (labels.length - positives)), labels.length / (2 * positives)];
  const weights = new Float64Array(columns);
  const squares = new Float64Array(columns).fill(1e-8);
  let bias = 0;
  let biasSquares = 1e-8;
  const score = (row: SparseRow): number => {
    let sum = bias;
    for (const [k, column] of row.columns.entries()) sum += (weights[column] as number) * (row.values[k] as number);
    return sum;
  };
  const rng = createRng(seed);
  const order = rows.map((_, i) => i);
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let i = order.length - 1; i > 0; i--) {
      const j = rng.integer(i + 1);
      [order[i], order[j]] = [order[j] as number, order[i] as number];
    }
    for (const i of order) {
      const row = rows[i] as SparseRow;
      const label = labels[i] as 0 | 1;
      const error = (1 / (1 + Math.exp(-score(row))) - label) * (importance[label] as number);
      for (const [k, column] of row.columns.entries()) {
        const gradient = error * (row.values[k] as number) + penalty * (weights[column] as number);
        squares[column] = (squares[column] as number) + gradient * gradient;
        weights[column] =
          (weights[column] as number) - (learningRate * gradient) / Math.sqrt(squares[column] as number);
      }
      biasSquares += error * error;
      bias -= (learningRate * error) / Math.sqrt(biasSquares);
    }
  }
  return { score, weights, bias };
}

/** Columns of equal rows, each scaled to mean 0 and deviation 1 by the rows given. @returns how to scale a row [d] likewise */
export function standardizer(rows: readonly ArrayLike<number>[]): (row: ArrayLike<number>) => SparseRow {
  const width = rows[0]?.length ?? 0;
  const mean = new Float64Array(width);
  const deviation = new Float64Array(width);
  for (const row of rows)
    for (let k = 0; k < width; k++) mean[k] = (mean[k] as number) + (row[k] as number) / rows.length;
  for (const row of rows)
    for (let k = 0; k < width; k++)
      deviation[k] = (deviation[k] as number) + ((row[k] as number) - (mean[k] as number)) ** 2 / rows.length;
  const columns = Array.from({ length: width }, (_, k) => k);
  return (row) => ({
    columns,
    values: columns.map(
      (k) => ((row[k] as number) - (mean[k] as number)) / Math.sqrt((deviation[k] as number) + 1e-12),
    ),
  });
}
