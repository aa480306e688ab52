/** Mean of the shares of harmful and of safe samples that a score tells right: 0.5 is chance whatever their numbers. */
export function balancedAccuracy(scores: readonly number[], labels: readonly (0 | 1)[]): number {
  const share = (label: 0 | 1): number => {
    const own = labels.flatMap((of, i) => (of === label ? [i] : []));
    if (own.length === 0) throw new RangeError(`expected samples of both labels, found none with label ${label}`);
    return own.filter((i) => (scores[i] as number) > 0 === (label === 1)).length / own.length;
  };
  return (share(0) + share(1)) / 2;
}
