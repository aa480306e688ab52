import type { ModelReport } from "./doctor-node.js";

/** A report for people, one fact per line. */
export function formatReport(report: ModelReport): string {
  const { config, memory, alarms } = report;
  const gibibytes = (bytes: number): string =>
    bytes >= 2 ** 27 ? `${(bytes / 2 ** 30).toFixed(2)} GiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const yes = (value: boolean): string => (value ? "yes" : "no");
  const weights = Object.entries(memory.weights).map(([precision, bytes]) => `${precision} ${gibibytes(bytes)}`);
  const { vision } = config;
  return [
    `model        ${report.model}${report.commit === null ? "" : ` (commit ${report.commit})`}`,
    `family       ${report.family}, tensors named as ${report.naming === "original" ? "their authors did" : "in transformers"}`,
    `parameters   ${report.parameters.toLocaleString("en-US")}, stored as ${report.storedAs}`,
    `decoder      ${config.layers} layers, width ${config.hiddenSize}, ${config.heads} heads (${config.keyValueHeads} for keys), ${config.vocabularySize} tokens, up to ${config.maxPositions} positions`,
    `vision       ${vision.layers} layers, width ${vision.hiddenSize}, patches of ${vision.patchSize}`,
    `weights      ${weights.join(", ")}`,
    `cache        ${gibibytes(memory.cachePerToken * 1000)} per 1,000 tokens`,
    `alarm tokens in the tokenizer: ${yes(alarms.inTokenizer)}, trained vectors: ${yes(alarms.vectors)}, heads: ${yes(alarms.heads)}`,
    ...(report.differences.length === 0
      ? ["differs      in nothing that is known"]
      : report.differences.map((line) => `differs      ${line}`)),
    report.answered === null
      ? "loads        every file and tensor fits; add --load to load the weights and answer a token"
      : `loads        yes, and ${report.answered ? "answers" : "answers nothing"}`,
    "",
  ].join("\n");
}
