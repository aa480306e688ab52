import { described } from "@videosafety/safety-data/schema";
import * as z from "zod/mini";

/** Weights of the safety reward with Dynamic Reward Adaptation; see `safetyScore`. */
export const draConfigSchema = z
  .strictObject({
    alphaMin: described(z._default(z.number().check(z.minimum(0)), 0.1), "weight of ROUGE when both labels are right"),
    alphaMax: described(z._default(z.number().check(z.minimum(0)), 0.5), "weight of ROUGE otherwise"),
    gammaVisual: described(z._default(z.number().check(z.minimum(0)), 1), "reward of the right video label"),
    gammaTextual: described(z._default(z.number().check(z.minimum(0)), 1), "reward of the right query label"),
  })
  .check(
    z.refine(({ alphaMin, alphaMax }) => alphaMin <= alphaMax, {
      message: "expected alphaMin <= alphaMax",
      path: ["alphaMin"],
    }),
  );

/** Resolved weights of the safety reward. */
export type DraConfig = z.infer<typeof draConfigSchema>;

/** The authors' weights: alpha 0.1 to 0.5, gammas 1. */
export const DEFAULT_DRA: DraConfig = { alphaMin: 0.1, alphaMax: 0.5, gammaVisual: 1, gammaTextual: 1 };

/** What the labels and the text earn. */
export interface DraParts {
  /** Weight that ROUGE got. */
  readonly alpha: number;
  /** alpha x ROUGE. */
  readonly text: number;
  /** gammaVisual if the video label is right, else 0. */
  readonly visual: number;
  /** gammaTextual if the query label is right, else 0. */
  readonly textual: number;
}

/**
 * Dynamic Reward Adaptation: alpha = alphaMin + (1 - r_v r_t)(alphaMax - alphaMin); the reward is alpha ROUGE + gamma_v r_v + gamma_t r_t.
 * @param similarity ROUGE in [0, 1]
 */
export function draParts(
  similarity: number,
  visualRight: boolean,
  textualRight: boolean,
  dra: DraConfig = DEFAULT_DRA,
): DraParts {
  const alpha = dra.alphaMin + (visualRight && textualRight ? 0 : 1) * (dra.alphaMax - dra.alphaMin);
  return {
    alpha,
    text: alpha * similarity,
    visual: visualRight ? dra.gammaVisual : 0,
    textual: textualRight ? dra.gammaTextual : 0,
  };
}

/**
 * Says why the weights can reward a wrong label: when one gamma is below alphaMax - alphaMin, a completion with a
 * perfect text and one wrong label beats the same text with both right. Empty when the weights are sound.
 * At gamma 0.3 and the default alphas: 0.7 for both right, 0.8 for one.
 */
export function lintDra(dra: DraConfig): string[] {
  const spread = dra.alphaMax - dra.alphaMin;
  return (["gammaVisual", "gammaTextual"] as const)
    .filter((name) => dra[name] < spread)
    .map(
      (name) =>
        `${name} = ${dra[name]} is below alphaMax - alphaMin = ${spread}: with ROUGE above ${(dra[name] / spread).toFixed(2)} a wrong label pays; raise ${name} or narrow the alphas`,
    );
}
