/**
 * Matches of summary-level ROUGE-L (section 3.2 of Lin 2004, with ROUGE-1.5.5's guard against counting a token twice):
 * for each reference sentence the union over the hypothesis's sentences of one longest common subsequence. Which of
 * several equally long ones is taken changes the number, so the backtracking order is rouge_score's: on a tie it steps back in
 * the reference. O(product of the two texts' lengths) time; memory of one sentence pair.
 */
export function summaryLevelHits(
  reference: readonly (readonly string[])[],
  hypothesis: readonly (readonly string[])[],
): { hits: number; referenceTokens: number; hypothesisTokens: number } {
  const left = { reference: countTokens(reference), hypothesis: countTokens(hypothesis) };
  let hits = 0;
  for (const sentence of reference) {
    const union = new Uint8Array(sentence.length);
    for (const other of hypothesis) markSubsequence(sentence, other, union);
    for (let i = 0; i < sentence.length; i++) {
      const token = sentence[i] as string;
      const inHypothesis = left.hypothesis.get(token) ?? 0;
      const inReference = left.reference.get(token) ?? 0;
      if (union[i] === 0 || inHypothesis === 0 || inReference === 0) continue;
      hits++;
      left.hypothesis.set(token, inHypothesis - 1);
      left.reference.set(token, inReference - 1);
    }
  }
  const total = (sentences: readonly (readonly string[])[]) => sentences.reduce((sum, { length }) => sum + length, 0);
  return { hits, referenceTokens: total(reference), hypothesisTokens: total(hypothesis) };
}

function countTokens(sentences: readonly (readonly string[])[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const sentence of sentences) for (const token of sentence) counts.set(token, (counts.get(token) ?? 0) + 1);
  return counts;
}

/** Sets marked[i] for the positions i of `reference` on one longest common subsequence with `candidate`. */
function markSubsequence(reference: readonly string[], candidate: readonly string[], marked: Uint8Array): void {
  const columns = candidate.length + 1;
  const table = new Uint32Array((reference.length + 1) * columns);
  const at = (i: number, j: number): number => table[i * columns + j] as number;
  for (let i = 1; i <= reference.length; i++)
    for (let j = 1; j < columns; j++)
      table[i * columns + j] =
        reference[i - 1] === candidate[j - 1] ? at(i - 1, j - 1) + 1 : Math.max(at(i - 1, j), at(i, j - 1));
  let i = reference.length;
  let j = candidate.length;
  while (i > 0 && j > 0) {
    if (reference[i - 1] === candidate[j - 1]) {
      marked[--i] = 1;
      j--;
    } else if (at(i, j - 1) > at(i - 1, j)) j--;
    else i--;
  }
}
