/** Wilson's 95 % interval of a share of `count` trials; [0, 1] for no trials. */
export function wilsonInterval(successes: number, count: number): readonly [lower: number, upper: number] {
  if (count === 0) return [0, 1];
  const z = 1.959963984540054;
  const share = successes / count;
  const scale = 1 + z ** 2 / count;
  const center = (share + z ** 2 / (2 * count)) / scale;
  const half = (z / scale) * Math.sqrt((share * (1 - share)) / count + z ** 2 / (4 * count ** 2));
  return [Math.max(0, center - half), Math.min(1, center + half)];
}
