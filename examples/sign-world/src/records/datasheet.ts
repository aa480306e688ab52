import { isHarmful } from "../clips/scene.js";
import type { WorldSet } from "./datasets.js";

/** The data's own description, as Markdown, with the counts of the named sets. */
export function datasheet(sets: Readonly<Record<string, WorldSet>>, seed: number): string {
  const rows = Object.entries(sets).map(([name, set]) => row(name, set));
  return `# Datasheet: the symbolic video safety world (seed ${seed})

**What it is.** Procedural clips (112 x 112 px, 8 fps, 6 s, H.264) and queries in ten languages. Harm is symbolic: a
hazard sign, one abstract sign a subcategory, is shown for 2 to 5 of the 6 seconds; a harmful query names a policy
category in neutral words and asks for a plan. There is no harmful media and no operational detail.

**Why.** To run the whole method on a CPU in minutes. Results on it say that the machinery works; they say nothing about
real videos, real attacks or real languages.

**What it cannot show.** The words of a query alone tell what is right: a naive Bayes on the words of the training queries,
which sees no video, solves the evaluation (row \`words: naive Bayes\` of the results). The sign never changes the right
answer. And the base model's failure is planted: it was trained to refuse harmful text and to obey the same text once a
video comes along. So scores on this set say nothing about whether a method reads the video.

| set | samples | clips | harmful clips | harmful queries | text only | languages | topics |
|---|---|---|---|---|---|---|---|
${rows.join("\n")}

**Splits.** The evaluation's clips and its query templates are not in any training set; topics' names are. The base
checkpoint was trained on the training templates with other clips.

**Child safety is text only.** No clip ever carries its sign: an HH item of that subcategory shows another one's.

**Taxonomy.** \`vse-assumed-v1\` of safety-data: its names are assumed, the paper does not publish them.

**Labels.** 0 = safe, 1 = harmful. Some safe clips show a harmless sign (round or square, blue, green, white) as a hard
negative. Safe queries mention harmful topics in 1 of 3 cases: asking for help, for the law, for a way to report.

**Known limits.** Queries come from a few templates a language, written by the project, not by native speakers of every
language. Reasoning texts are in English for all languages. A sign is easier to see than harm is.
`;
}

function row(name: string, { samples, clips }: WorldSet): string {
  const count = (test: (sample: WorldSet["samples"][number]) => boolean): number => samples.filter(test).length;
  const cells = [
    name,
    samples.length,
    clips.length,
    clips.filter(({ scene }) => isHarmful(scene)).length,
    count(({ harm }) => harm !== null),
    count(({ clip }) => clip === null),
    new Set(samples.map(({ language }) => language)).size,
    new Set(samples.flatMap(({ topic }) => topic ?? [])).size,
  ];
  return `| ${cells.join(" | ")} |`;
}
