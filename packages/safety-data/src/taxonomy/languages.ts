/**
 * The ten languages of the default benchmark, as BCP-47 tags. Assumed: the paper says "10 language communities" and
 * does not name them. Any other tag is accepted everywhere a language is expected.
 */
export const DEFAULT_LANGUAGES = ["en", "zh", "es", "fr", "de", "ru", "ar", "hi", "ja", "pt"] as const;
