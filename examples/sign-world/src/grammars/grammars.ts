import { ar } from "./ar.js";
import { de } from "./de.js";
import { en } from "./en.js";
import { es } from "./es.js";
import { fr } from "./fr.js";
import type { Grammar } from "./grammar.js";
import { hi } from "./hi.js";
import { ja } from "./ja.js";
import { pt } from "./pt.js";
import { ru } from "./ru.js";
import { zh } from "./zh.js";

/** The ten grammars, in the order of `DEFAULT_LANGUAGES` of safety-data. */
export const GRAMMARS: readonly Grammar[] = [en, zh, es, fr, de, ru, ar, hi, ja, pt];
