import { ar } from "./ar.js";
import { de } from "./de.js";
import { en } from "./en.js";
import { es } from "./es.js";
import { fr } from "./fr.js";
import { hi } from "./hi.js";
import { ja } from "./ja.js";
import type { LanguagePack } from "./language-pack.js";
import { pt } from "./pt.js";
import { ru } from "./ru.js";
import { zh } from "./zh.js";

/** The ten languages, in the order of `DEFAULT_LANGUAGES` of safety-data. */
export const LANGUAGE_PACKS: readonly LanguagePack[] = [en, zh, es, fr, de, ru, ar, hi, ja, pt];
