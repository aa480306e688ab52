import type { LanguagePack } from "./language-pack.js";
import { ar } from "./languages/ar.js";
import { de } from "./languages/de.js";
import { en } from "./languages/en.js";
import { es } from "./languages/es.js";
import { fr } from "./languages/fr.js";
import { hi } from "./languages/hi.js";
import { ja } from "./languages/ja.js";
import { pt } from "./languages/pt.js";
import { ru } from "./languages/ru.js";
import { zh } from "./languages/zh.js";

/** The ten languages, in the order of `DEFAULT_LANGUAGES` of safety-data. */
export const LANGUAGE_PACKS: readonly LanguagePack[] = [en, zh, es, fr, de, ru, ar, hi, ja, pt];
