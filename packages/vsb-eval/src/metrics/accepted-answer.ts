const plain = (text: string): string =>
  ` ${text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, " ")
    .trim()} `;
const SPACELESS = /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Thai}/u;

/** Whether an answer names one of the accepted ones, as whole words (as characters where words have no spaces). */
export function namesAccepted(answer: string, accepted: readonly string[]): boolean {
  const said = plain(answer);
  return accepted.some((one) => {
    const words = plain(one);
    return words.trim() !== "" && said.includes(SPACELESS.test(words) ? words.trim() : words);
  });
}
