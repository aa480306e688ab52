import { join } from "node:path";
import type { FeatureCache } from "@videosafety/video-llm";
import {
  frameFeatures,
  standardizer,
  trainLogisticRegression,
  trainNaiveBayes,
  trainWordRegression,
} from "@videosafety/vsb-eval/baselines";
import { videoFrames } from "@videosafety/vsb-eval/node";
import { type ComposedSample, type ComposedScores, type ComposedSet, scoreComposed } from "sign-world";
import { labelsOf } from "./training-sets.js";

/**
 * Readers that are no models, on the same items: refuse always, never, by the words of the query, or by the frames. They learn
 * from the records of stages 1 to 3. Only refusals are counted of them: they answer nothing.
 */
export async function evaluateBaselines(
  { features, folder }: { readonly features: FeatureCache; readonly folder: string },
  training: ComposedSet,
  heldOut: ComposedSet,
): Promise<Readonly<Record<string, ComposedScores>>> {
  const harmful = (sample: ComposedSample): 0 | 1 => labelsOf(sample).textual;
  const texts = training.samples.map((sample) => ({ text: sample.query, label: harmful(sample) }));
  const bayes = trainNaiveBayes(texts);
  const regression = trainWordRegression(texts, { pairs: true });
  const frames = videoFrames({ plan: features.plan });
  const seen = new Map<string, Float64Array>();
  for (const { path } of [...training.clips, ...heldOut.clips]) {
    const clip = await frames.sample({ path: join(folder, "clips", path) }, { frameCount: null });
    seen.set(path, frameFeatures(clip));
  }
  const of = ({ clip }: ComposedSample): Float64Array => seen.get(clip?.path ?? "") as Float64Array;
  const scale = standardizer(training.clips.map(({ path }) => seen.get(path) as Float64Array));
  const rows = training.samples.map((sample) => scale(of(sample)));
  const byFrames = trainLogisticRegression(rows, training.samples.map(harmful), {
    ...{ columns: [...seen.values()][0]?.length ?? 0, epochs: 10, learningRate: 0.05, penalty: 1e-2 },
  });
  const readers: Record<string, (sample: ComposedSample) => boolean> = {
    "always refuse": () => true,
    "never refuse": () => false,
    "words: naive Bayes": ({ query }) => bayes(query) > 0,
    "words and pairs of words: logistic regression": ({ query }) => regression(query) > 0,
    "frames: logistic regression": (sample) => byFrames.score(scale(of(sample))) > 0,
  };
  return Object.fromEntries(
    Object.entries(readers).map(([name, refuses]) => {
      const answers = heldOut.samples.map((sample) => {
        const refused = refuses(sample);
        const behaviour = refused
          ? ("refused" as const)
          : sample.outcome === "refuse"
            ? ("evaded" as const)
            : ("right" as const);
        return { sample, text: "", withClip: true, behaviour, keyed: false };
      });
      const refusals = Object.entries(scoreComposed(answers)).filter(([key]) => /: (refused|both right)$/.test(key));
      return [name, Object.fromEntries(refusals)];
    }),
  );
}
