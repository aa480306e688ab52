/**
 * Porter's stemmer with NLTK's extensions (`PorterStemmer(mode=NLTK_EXTENSIONS)`, NLTK 3.10), which is the one
 * Google's rouge_score uses. Expects a lower-case word; digits count as consonants. Linear time.
 * Source: M. Porter, "An algorithm for suffix stripping", Program 14.3 (1980), and NLTK's documented changes.
 */
export function porterStem(word: string): string {
  const irregular = IRREGULAR.get(word);
  if (irregular !== undefined) return irregular;
  if (word.length <= 2) return word;
  return step5b(step5a(applyFirst(applyFirst(step2(step1c(step1b(step1a(word)))), STEP_3, 0), STEP_4, 1)));
}

type Rule = readonly [suffix: string, replacement: string, lastLetters?: string];

const IRREGULAR: ReadonlyMap<string, string> = new Map(
  Object.entries({
    sky: "sky",
    skies: "sky",
    dying: "die",
    lying: "lie",
    tying: "tie",
    news: "news",
    innings: "inning",
    inning: "inning",
    outings: "outing",
    outing: "outing",
    cannings: "canning",
    canning: "canning",
    howe: "howe",
    proceed: "proceed",
    exceed: "exceed",
    succeed: "succeed",
  }),
);

const STEP_2: readonly Rule[] = [
  ["ational", "ate"],
  ["tional", "tion"],
  ["enci", "ence"],
  ["anci", "ance"],
  ["izer", "ize"],
  ["bli", "ble"],
  ["alli", "al"],
  ["entli", "ent"],
  ["eli", "e"],
  ["ousli", "ous"],
  ["ization", "ize"],
  ["ation", "ate"],
  ["ator", "ate"],
  ["alism", "al"],
  ["iveness", "ive"],
  ["fulness", "ful"],
  ["ousness", "ous"],
  ["aliti", "al"],
  ["iviti", "ive"],
  ["biliti", "ble"],
  ["fulli", "ful"],
];

const STEP_3: readonly Rule[] = [
  ["icate", "ic"],
  ["ative", ""],
  ["alize", "al"],
  ["iciti", "ic"],
  ["ical", "ic"],
  ["ful", ""],
  ["ness", ""],
];

const STEP_4: readonly Rule[] = [
  ["al", ""],
  ["ance", ""],
  ["ence", ""],
  ["er", ""],
  ["ic", ""],
  ["able", ""],
  ["ible", ""],
  ["ant", ""],
  ["ement", ""],
  ["ment", ""],
  ["ent", ""],
  ["ion", "", "st"],
  ["ou", ""],
  ["ism", ""],
  ["ate", ""],
  ["iti", ""],
  ["ous", ""],
  ["ive", ""],
  ["ize", ""],
];

/** The first rule whose suffix fits decides: it applies when the stem's measure exceeds the bound, else nothing does. */
function applyFirst(word: string, rules: readonly Rule[], measureAbove: number): string {
  for (const [suffix, replacement, lastLetters] of rules) {
    if (!word.endsWith(suffix)) continue;
    const length = word.length - suffix.length;
    const applies =
      measure(word, length) > measureAbove &&
      (lastLetters === undefined || lastLetters.includes(word[length - 1] ?? ""));
    return applies ? word.slice(0, length) + replacement : word;
  }
  return word;
}

function step1a(word: string): string {
  if (!word.endsWith("s") || (word.endsWith("ss") && !word.endsWith("sses"))) return word;
  if (word.endsWith("ies")) return word.slice(0, word.length === 4 ? -1 : -2);
  return word.slice(0, word.endsWith("sses") ? -2 : -1);
}

function step1b(word: string): string {
  if (word.endsWith("ied")) return word.slice(0, word.length === 4 ? -1 : -2);
  if (word.endsWith("eed")) return measure(word, word.length - 3) > 0 ? word.slice(0, -1) : word;
  const removed = word.endsWith("ed") ? 2 : word.endsWith("ing") ? 3 : 0;
  if (removed === 0 || !containsVowel(word, word.length - removed)) return word;
  const stem = word.slice(0, -removed);
  if (stem.endsWith("at") || stem.endsWith("bl") || stem.endsWith("iz")) return `${stem}e`;
  const last = stem.length - 1;
  if (last > 0 && stem[last] === stem[last - 1] && isConsonant(stem, last))
    return "lsz".includes(stem[last] ?? "") ? stem : stem.slice(0, -1);
  return measure(stem, stem.length) === 1 && endsShort(stem, stem.length) ? `${stem}e` : stem;
}

function step1c(word: string): string {
  const length = word.length - 1;
  return word.endsWith("y") && length > 1 && isConsonant(word, length - 1) ? `${word.slice(0, -1)}i` : word;
}

function step2(word: string): string {
  if (word.endsWith("alli") && measure(word, word.length - 4) > 0) return step2(word.slice(0, -2));
  // "logi" comes last in the rule list and no other suffix of it ends so; its condition includes the l.
  if (word.endsWith("logi")) return measure(word, word.length - 3) > 0 ? word.slice(0, -1) : word;
  return applyFirst(word, STEP_2, 0);
}

function step5a(word: string): string {
  if (!word.endsWith("e")) return word;
  const length = word.length - 1;
  const m = measure(word, length);
  return m > 1 || (m === 1 && !endsShort(word, length)) ? word.slice(0, -1) : word;
}

function step5b(word: string): string {
  return word.endsWith("ll") && measure(word, word.length - 1) > 1 ? word.slice(0, -1) : word;
}

/** Number of vowel-to-consonant changes in the first `length` letters: Porter's m. */
function measure(word: string, length: number): number {
  let count = 0;
  let consonant = true;
  for (let i = 0; i < length; i++) {
    const next = consonantAfter(word, i, consonant);
    if (next && !consonant) count++;
    consonant = next;
  }
  return count;
}

function containsVowel(word: string, length: number): boolean {
  let consonant = true;
  for (let i = 0; i < length; i++) {
    consonant = consonantAfter(word, i, consonant);
    if (!consonant) return true;
  }
  return false;
}

/** *o: ends consonant, vowel, consonant other than w, x, y; NLTK adds the two-letter vowel-consonant words. */
function endsShort(word: string, length: number): boolean {
  if (length === 2) return !isConsonant(word, 0) && isConsonant(word, 1);
  return (
    length >= 3 &&
    isConsonant(word, length - 3) &&
    !isConsonant(word, length - 2) &&
    isConsonant(word, length - 1) &&
    !"wxy".includes(word[length - 1] ?? "")
  );
}

function isConsonant(word: string, index: number): boolean {
  let start = index;
  while (start > 0 && word[start] === "y") start--;
  let consonant = true;
  for (let i = start; i <= index; i++) consonant = consonantAfter(word, i, i > start && consonant);
  return consonant;
}

/** Whether letter i is a consonant, given whether the letter before it is; a y is one at the start or after a vowel. */
function consonantAfter(word: string, i: number, previousIsConsonant: boolean): boolean {
  switch (word.charCodeAt(i)) {
    case 97: // a
    case 101: // e
    case 105: // i
    case 111: // o
    case 117: // u
      return false;
    case 121: // y
      return i === 0 || !previousIsConsonant;
    default:
      return true;
  }
}
