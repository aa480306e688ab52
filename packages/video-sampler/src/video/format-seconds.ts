/**
 * A time with one decimal, as Python's `f"{t:.1f}"` writes it. VideoLLaMA3 was trained on prompts written so, and every other
 * place that shows a time to a model or a person uses the same rule. Exact ties go to the even digit ("0.2" for 0.25), where
 * JavaScript's `toFixed` goes up.
 * @param seconds any finite number
 */
export function formatSeconds(seconds: number): string {
  const tie = Number.isInteger(seconds * 4) && !Number.isInteger(seconds * 2);
  if (!tie) return seconds.toFixed(1);
  const tenths = Math.floor(seconds * 10);
  return ((tenths % 2 === 0 ? tenths : tenths + 1) / 10).toFixed(1);
}
