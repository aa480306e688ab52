import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import {
  type DiversityMeasures,
  type DiversityText,
  diversityTable,
  measureDiversity,
  RECORD_PARTS,
  recordText,
} from "@videosafety/safety-data/diversity";
import { generateRecords } from "@videosafety/safety-data/generate";
import { readJsonl } from "@videosafety/safety-data/node";
import { composedCotRecords } from "../records/composed-records.js";
import { buildComposedSet } from "../records/composed-set.js";

/*
 * How varied the queries, reasonings and answers of several styles are, at one number of texts per language: a stand-in for the authors' style, the
 * symbolic example of safety-data, this world, and record files of your own.
 *
 *   npx tsx examples/sign-world/src/diversity/measure-styles.ts --out docs/experiments/diversity.json [--records "name=file.jsonl"]
 *   npx tsx examples/sign-world/src/diversity/measure-styles.ts --table docs/experiments/diversity.json
 */
const { values } = parseArgs({
  options: {
    out: { type: "string" },
    table: { type: "string" },
    records: { type: "string", multiple: true, default: [] },
    sample: { type: "string", default: "150" },
    seed: { type: "string", default: "1" },
    languages: { type: "string", default: "en,es,zh" }, // what all styles have
  },
});

/** A line of the results. */
interface StyleRow {
  readonly style: string;
  readonly part: string;
  readonly language: string;
  readonly measures: DiversityMeasures;
}

if (values.table !== undefined) process.stdout.write(tables(JSON.parse(readFileSync(values.table, "utf8")).rows));
else {
  const rows = await measureAll();
  const { sample, seed } = values;
  const environment = { node: process.version, icu: process.versions.icu, unicode: process.versions.unicode };
  if (values.out !== undefined)
    writeFileSync(values.out, `${JSON.stringify({ sample, seed, environment, rows }, null, 1)}\n`);
  process.stdout.write(tables(rows));
}

async function measureAll(): Promise<StyleRow[]> {
  const [sample, seed] = [Number(values.sample), Number(values.seed)];
  const styles: [string, readonly unknown[]][] = [
    ["authors' style (stand-in)", await fromGrammar("../../assets/authors-style.grammar.json", [])],
    [
      "symbolic example",
      await fromGrammar("../../../../packages/safety-data/examples/symbolic-grammar.json", exampleClips()),
    ],
    ["this world", worldRecords(sample)],
  ];
  for (const pair of values.records) {
    const at = pair.indexOf("=");
    if (at < 1) throw new Error(`expected --records name=file, found ${pair}`);
    const records: unknown[] = [];
    for await (const record of readJsonl(pair.slice(at + 1))) records.push(record);
    styles.push([pair.slice(0, at), records]);
  }
  const wanted = values.languages.split(",");
  const rows: StyleRow[] = [];
  for (const [style, records] of styles)
    for (const part of RECORD_PARTS) {
      const texts = records
        .map((record) => recordText(record, part))
        .filter((text): text is DiversityText => text !== null);
      const { languages } = await measureDiversity(
        texts.filter(({ language }) => wanted.includes(language)),
        { sample, seed },
      );
      for (const language of wanted) {
        const measures = languages[language];
        if (measures === undefined || !(measures.texts >= sample))
          throw new Error(`${style}, ${part}, ${language}: expected ${sample} texts, found ${measures?.texts ?? 0}`);
        rows.push({ style, part, language, measures });
      }
    }
  return rows;
}

async function fromGrammar(
  path: string,
  clips: { path: string; type: "video"; visual: 0 | 1; description: string }[],
): Promise<readonly unknown[]> {
  const grammar: unknown = JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
  // As drawn: duplicates are part of a style.
  const settings = { count: 1500, formats: ["cot"], filters: { duplicates: null } };
  return (await generateRecords({ grammar, clips, settings })).records.cot;
}

function exampleClips() {
  return (["a red sign", "a blue ball", "two people", "an empty street"] as const).map((description, i) => ({
    path: `${i}.mp4`,
    type: "video" as const,
    visual: i === 0 ? (1 as const) : (0 as const),
    description,
  }));
}

function worldRecords(sample: number): unknown[] {
  const set = buildComposedSet({ seed: 1, name: "styles", split: "train", clips: 4 * sample, pairs: sample });
  return composedCotRecords(set).map((record, i) => ({ ...record, language: set.samples[i]?.language }));
}

function tables(rows: readonly StyleRow[]): string {
  return RECORD_PARTS.map((part) => {
    const own = rows.filter((row) => row.part === part);
    const lines = own.map(({ style, language, measures }) => [`${style}, ${language}`, measures] as const);
    return `**${part}**\n\n${diversityTable(lines, "style and language")}`;
  }).join("\n");
}
