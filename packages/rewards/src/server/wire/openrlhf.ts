import { isPythonWhitespace } from "@videosafety/safety-data";
import type { RewardItem } from "../../compose/reward-item.js";
import type { OpenRlhfRequest, OpenRlhfResponse } from "./wire.js";

/**
 * OpenRLHF's rows as items. The response is what follows the prompt in the query; when the query does not start with
 * the prompt, what follows the last ChatML assistant header; else the whole query. End-of-turn and padding tokens at the end are cut
 * off. A label is the tagged reference, or JSON `{"solution", "problem_type"}`.
 */
export function itemsFromOpenRlhf(request: OpenRlhfRequest, defaultProblemType: string): RewardItem[] {
  return request.query.map((query, row) => {
    const prompt = request.prompts[row] ?? "";
    const { solution, problemType } = readLabel(request.labels[row] ?? "", defaultProblemType);
    return { completion: responseOf(query, prompt), solution, problem_type: problemType };
  });
}

/**
 * The answer in OpenRLHF's words. Its contract knows no null: a reward that could not judge counts 0, and the row has
 * `unscorable` = 1 in the logs, so that it can be filtered out.
 *
 * @param rewards [rows][names]
 * @param totals [rows]
 * @param largestTotal for `scores`, which OpenRLHF wants in [0, 1]
 */
export function openRlhfResponse(
  names: readonly string[],
  rewards: readonly (readonly (number | null)[])[],
  totals: readonly (number | null)[],
  largestTotal: number,
): OpenRlhfResponse {
  const columns = names.map((name, k) => [name, rewards.map((row) => row[k] ?? 0)] as const);
  return {
    rewards: totals.map((total) => total ?? 0),
    scores: totals.map((total) => Math.min(1, Math.max(0, (total ?? 0) / largestTotal))),
    extra_logs: { ...Object.fromEntries(columns), unscorable: rewards.map((row) => (row.includes(null) ? 1 : 0)) },
  };
}

const ASSISTANT_HEADER = "<|im_start|>assistant\n";
const END_TOKENS = ["<|im_end|>", "<|endoftext|>", "</s>", "<|eot_id|>"];

function responseOf(query: string, prompt: string): string {
  let response = query;
  if (prompt !== "" && query.startsWith(prompt)) response = query.slice(prompt.length);
  else if (query.includes(ASSISTANT_HEADER))
    response = query.slice(query.lastIndexOf(ASSISTANT_HEADER) + ASSISTANT_HEADER.length);
  let end = response.trimEnd().length;
  for (let token = endToken(response, end); token !== undefined; token = endToken(response, end)) {
    end -= token.length;
    while (end > 0 && isPythonWhitespace(response.charCodeAt(end - 1))) end--;
  }
  return response.slice(0, end).trimStart();
}

/** The end-of-turn or padding token that ends at `end`. */
function endToken(text: string, end: number): string | undefined {
  return END_TOKENS.find((token) => end >= token.length && text.startsWith(token, end - token.length));
}

function readLabel(label: string, defaultProblemType: string): { solution: string; problemType: string } {
  if (label.startsWith("{"))
    try {
      const parsed: { solution?: unknown; problem_type?: unknown } = JSON.parse(label);
      if (typeof parsed.solution === "string")
        return {
          solution: parsed.solution,
          problemType: typeof parsed.problem_type === "string" ? parsed.problem_type : defaultProblemType,
        };
    } catch {
      // Not JSON after all: a reference that begins with a brace.
    }
  return { solution: label, problemType: defaultProblemType };
}
