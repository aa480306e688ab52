import { AlarmShapeError, EmptyClassError } from "../errors.js";

/**
 * 95 % interval of an area under the ROC curve found on some harmful and some safe samples: the areas whose standard error
 * (Hanley and McNeil 1982, with the mean of both class sizes, as in Newcombe 2006, method 5) does not rule the found one
 * out. It stays inside [0, 1] and keeps a width at 0 and 1. It knows of the draw of the samples only: not of a model that
 * was fitted on them.
 *
 * @throws AlarmShapeError for an area outside [0, 1]; EmptyClassError when a class has no sample.
 */
export function aucInterval(auc: number, harmful: number, safe: number): readonly [lower: number, upper: number] {
  if (!(auc >= 0 && auc <= 1)) throw new AlarmShapeError(`expected an area in [0, 1], found ${auc}`);
  if (!(harmful > 0 && safe > 0)) {
    throw new EmptyClassError(`expected samples of both classes, found ${harmful} harmful and ${safe} safe`);
  }
  const z = 1.959963984540054;
  const pairs = (harmful + safe) / 2 - 1;
  const standardError = (area: number): number => {
    const ties = 1 + pairs * ((1 - area) / (2 - area) + area / (1 + area));
    return Math.sqrt((area * (1 - area) * ties) / (harmful * safe));
  };
  const limit = (end: 0 | 1): number => {
    let [inside, outside]: [number, number] = [auc, end];
    if (Math.abs(end - auc) <= z * standardError(end)) return end;
    for (let step = 0; step < 60; step++) {
      const middle = (inside + outside) / 2;
      if (Math.abs(middle - auc) <= z * standardError(middle)) inside = middle;
      else outside = middle;
    }
    return inside;
  };
  return [limit(0), limit(1)];
}
