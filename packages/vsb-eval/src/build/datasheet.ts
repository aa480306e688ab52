import type { Agreement } from "@videosafety/safety-data";
import { checkItems } from "../data/check-items.js";
import type { BuiltBenchmark, DropReason } from "./build-benchmark.js";

const number = (value: number | null): string => (value === null ? "undefined" : value.toFixed(3));

const agreementLine = (what: string, { units, observed, krippendorffAlpha, gwetAc1 }: Agreement): string =>
  `- ${what}: ${units} clips, observed ${number(observed)}, Krippendorff's alpha ${number(krippendorffAlpha)}, Gwet's AC1 ${number(gwetAc1)}`;

/** A datasheet in Markdown: what is in the benchmark, how it was made, and what to be careful with. */
export function datasheet(
  built: BuiltBenchmark,
  about: { readonly name: string; readonly annotators: readonly string[]; readonly taxonomy: string },
): string {
  const { counts, pairs, videos } = checkItems(built.items, null);
  const reasons = new Map<DropReason, number>();
  for (const { reason } of built.dropped) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  const table = (title: string, entries: Readonly<Record<string, number>>): string =>
    [`| ${title} | items |`, "|---|---|", ...Object.entries(entries).map(([name, n]) => `| ${name} | ${n} |`)].join(
      "\n",
    );
  return `# ${about.name}

${pairs} video-query pairs on ${videos} videos, taxonomy ${about.taxonomy}.

${Object.entries(counts)
  .map(([title, entries]) => table(title, entries))
  .join("\n\n")}

## How it was made

Clips were left out as follows: ${[...reasons].map(([reason, n]) => `${n} ${reason}`).join(", ") || "none"}.
Labels are the strict majority of ${about.annotators.length} annotators (${about.annotators.join(", ")}).

${agreementLine("safe or harmful", built.harmAgreement)}
${agreementLine("subcategory", built.subcategoryAgreement)}

Queries come from generic templates in ${Object.keys(counts.language).length} languages; each split holds whole videos.

## Limits

Labels by models are not ground truth: check a sample by hand, and report judge agreement with the results. Templates ask
in few words; they do not cover how people really ask. Harmful media stays with whoever holds the right to it.
`;
}
