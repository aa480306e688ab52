export {
  type AttackContext,
  type AttackedInput,
  attackedFrames,
  attackedInput,
} from "./arms/attacked-input.js";
export type { TimedFrames, VideoFacts } from "./arms/frame-source.js";
export { drawnPlan, type PlannedMoment, plannedMoments } from "./arms/planned-moments.js";
export {
  type Attack,
  type AttackInput,
  type AttackSettings,
  applyAttack,
  attackApplies,
  checkSettings,
  parameterOf,
  type Turn,
} from "./attacks/attack.js";
export { ATTACKS, type AttackSpec, findAttack, parseAttackSpec } from "./attacks/attack-registry.js";
export {
  type AttackSearchOptions,
  type ScoredPoint,
  type SearchOptions,
  type SearchPoint,
  type SearchResult,
  searchAttack,
  searchedAttack,
  searchParameters,
} from "./attacks/attack-search.js";
export { type CarrierPhrases, PHRASE_LANGUAGES, phrasesOf } from "./attacks/carrier-phrases.js";
export { drawable } from "./attacks/draw-letters.js";
export {
  contentSpans,
  type Footage,
  type PictureEdit,
  plainFootage,
  type Shot,
  type Span,
  steadyFrames,
  unseenOf,
  withFragment,
} from "./attacks/footage.js";
export { type FragmentVisibility, fragmentVisibility } from "./attacks/fragment-visibility.js";
export { type EditedFrames, type FootageFrames, renderFootage } from "./attacks/render-footage.js";
export { translationAttack } from "./attacks/text-attacks.js";
