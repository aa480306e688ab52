export { type DiversityRow, diversityTable } from "./diversity/diversity-table.js";
export {
  type DiversityMeasures,
  type DiversityOptions,
  type DiversityReport,
  type DiversityText,
  diversityOptionsSchema,
  measureDiversity,
} from "./diversity/measure-diversity.js";
export { distinctN, type NumberedNgrams, numberNgrams } from "./diversity/ngrams.js";
export { RECORD_PARTS, type RecordPart, recordText } from "./diversity/record-text.js";
export { sampleTexts } from "./diversity/sample-texts.js";
export {
  BLEU_SMOOTHINGS,
  type BleuOptions,
  type BleuSmoothing,
  type SelfBleu,
  selfBleu,
  sentenceBleu,
} from "./diversity/self-bleu.js";
export {
  compressionRatio,
  entropyBits,
  type LengthSpread,
  lengthSpread,
  type Openings,
  openingsOf,
} from "./diversity/spread.js";
export { induceTemplates, type Template, type TemplateOptions } from "./diversity/templates.js";
