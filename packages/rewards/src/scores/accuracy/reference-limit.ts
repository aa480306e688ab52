/** Longest answer of a reference, in UTF-16 units, unless the options say otherwise: about 1,400 words. */
export const MAX_REFERENCE_CHARACTERS = 8192;

/**
 * Why a reference is too long to compare with, or null. The comparison takes (length of the completion) x (length of the reference) / 30
 * steps, so a bound on the reference bounds the time of any completion. The completion's length is not asked: a
 * policy must not be able to make its rows unscorable.
 */
export function tooLong(answer: string, limit = MAX_REFERENCE_CHARACTERS): string | null {
  if (answer.length <= limit) return null;
  return `expected at most ${limit} characters in the reference's answer, found ${answer.length}: shorten it, or raise maxReferenceCharacters`;
}
