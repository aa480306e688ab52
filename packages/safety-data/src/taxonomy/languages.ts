/**
 * The ten languages of the default benchmark, as BCP-47 tags. Assumed: the paper says "10 language communities" and
 * does not name them. Any other tag is accepted where a language is expected.
 */
export const DEFAULT_LANGUAGES = ["en", "zh", "es", "fr", "de", "ru", "ar", "hi", "ja", "pt"] as const;

/** Tags that name no single language and are valid all the same: several, none, not known. */
const SPECIAL: ReadonlySet<string> = new Set(["mul", "zxx", "und"]);

/** What was asked before: a data set has few languages and many items. */
const known = new Map<string, boolean>();

function isLanguage(tag: string): boolean {
  const primary = tag.split("-")[0]?.toLowerCase() ?? "";
  try {
    Intl.getCanonicalLocales(tag);
    if (SPECIAL.has(primary)) return true;
    return new Intl.DisplayNames(["en"], { type: "language", fallback: "none" }).of(primary) !== undefined;
  } catch {
    return false; // not well formed
  }
}

/**
 * Whether a text is a BCP-47 tag of a language that exists: `en`, `zh-Hans`, `pt-BR`; not `english`, not `cn` (a country), not
 * `en_US`. Languages are those that the platform's Intl can name.
 */
export function isLanguageTag(tag: string): boolean {
  const before = known.get(tag);
  if (before !== undefined) return before;
  const found = isLanguage(tag);
  if (known.size < 1000) known.set(tag, found);
  return found;
}
