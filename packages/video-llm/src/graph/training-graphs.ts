import { ALARM_TENSOR_NAMES } from "@videosafety/alarm-tokens";
import { atcLogitsGraph, atSftLossGraph } from "@videosafety/alarm-tokens/train";
import {
  gather,
  grad,
  matmulTransposed,
  mul,
  reshape,
  sumAll,
  tokenLogProbs,
  type Value,
} from "@videosafety/onnx-autodiff";
import type { VideoLlmConfig } from "../config/config.js";
import type { GraphDType } from "../config/graph-dtype.js";
import type { ParameterStore } from "../weights/parameter-store.js";
import { outputTable } from "./decoder.js";
import type { GraphPlan } from "./graph-cache.js";
import { buildLanguageGraph, type GraphShape, type LanguageGraph, sequenceCount } from "./language-graph.js";

/** What the builders below share. */
export interface GraphContext {
  /** Sizes of the model. */
  readonly config: VideoLlmConfig;
  /** Its tensors. */
  readonly store: ParameterStore;
  /** Sizes of the graph. */
  readonly shape: GraphShape;
  /** Float type; float64 for gradient checks. */
  readonly dtype?: GraphDType;
}

/** At most this many logits exist at a time in the loss. */
const LOGITS_AT_A_TIME = 2 ** 22;

/** Name of the output that holds a parameter's gradient. */
export const gradientOutput = (name: string): string => `d:${name}`;

/**
 * Stages 1-3: inputs of `buildLanguageGraph` and `loss_rows` [M] (rows of hidden states that predict), `targets` [M],
 * `token_weights` [M], normalizers and lambdas; outputs the loss terms, head logits [B] and gradients. M = `lossRows`.
 */
export function buildAtSftGraph(context: GraphContext, lossRows: number, trained: readonly string[]): GraphPlan {
  const language = startGraph(context);
  const { graph } = language;
  const dtype = context.dtype ?? "float32";
  const scalar = (name: string): Value => graph.input(name, dtype, []);
  const logProbs = selectedLogProbs(context, language, lossRows, 1);
  const head = (modality: "visual" | "textual") => ({
    ...alarmHead(context, language, modality),
    labels: graph.input(`${modality}_labels`, dtype, [sequenceCount(context.shape)]),
    labelMask: graph.input(`${modality}_label_mask`, dtype, [sequenceCount(context.shape)]),
    normalizer: scalar(`${modality}_normalizer`),
    lambda: scalar(`lambda_${modality}`),
  });
  const result = atSftLossGraph({
    tokenLogProbs: logProbs,
    tokenWeights: graph.input("token_weights", dtype, [lossRows, 1]),
    tokenNormalizer: scalar("token_normalizer"),
    ...(context.shape.hasAlarm ? { visual: head("visual"), textual: head("textual") } : {}),
  });
  for (const [name, value] of Object.entries(result)) if (name !== "loss") graph.output(name, value as Value);
  return withGradients(language, result.loss, trained);
}

/**
 * Stage 4: log-probabilities [M, 1] of given completion tokens, and with `trained` the gradient of
 * sum(coefficients * log-probabilities).
 */
export function buildPolicyGraph(
  context: GraphContext,
  lossRows: number,
  temperature: number,
  trained: readonly string[] | null,
): GraphPlan {
  const language = startGraph(context);
  const logProbs = selectedLogProbs(context, language, lossRows, temperature);
  language.graph.output("log_probs", logProbs);
  if (trained === null) return { graph: language.graph, parameters: language.inputs.keys() };
  const coefficients = language.graph.input("coefficients", context.dtype ?? "float32", [lossRows, 1]);
  return withGradients(language, sumAll(mul(logProbs, coefficients)), trained);
}

/** Hidden states [B, d] of the alarm tokens and the logits of their heads [B]. */
export function buildAlarmStatesGraph(context: GraphContext): GraphPlan {
  const language = startGraph(context);
  for (const modality of ["visual", "textual"] as const) {
    const head = alarmHead(context, language, modality);
    language.graph.output(`${modality}Hidden`, head.hidden);
    language.graph.output(`${modality}Logits`, atcLogitsGraph(head));
  }
  return { graph: language.graph, parameters: language.inputs.keys() };
}

/** Logits [M, V] of selected rows. */
export function buildLogitsGraph(context: GraphContext, lossRows: number): GraphPlan {
  const language = startGraph(context);
  const rows = gather(language.hidden, language.graph.input("loss_rows", "int32", [lossRows]));
  language.graph.output("logits", matmulTransposed(rows, outputTable(context.config, language.params)));
  return { graph: language.graph, parameters: language.inputs.keys() };
}

function startGraph(context: GraphContext): LanguageGraph {
  return buildLanguageGraph(context.config, context.store, context.shape, context.dtype);
}

function selectedLogProbs(
  context: GraphContext,
  language: LanguageGraph,
  lossRows: number,
  temperature: number,
): Value {
  const { graph, params, hidden } = language;
  const { vocabularySize } = context.config;
  const rows = gather(hidden, graph.input("loss_rows", "int32", [lossRows]));
  const targets = graph.input("targets", "int32", [lossRows]);
  // A frozen output layer is expanded for every chunk, so there are fewer.
  const rowsAtLeast = context.store.frozenBase ? 128 : 32;
  const chunk = Math.max(rowsAtLeast, Math.floor(LOGITS_AT_A_TIME / vocabularySize));
  const keepLogits = lossRows * vocabularySize <= 2 * LOGITS_AT_A_TIME;
  return tokenLogProbs(rows, outputTable(context.config, params), targets, { chunk, temperature, keepLogits });
}

function alarmHead(context: GraphContext, { graph, params, hidden }: LanguageGraph, modality: "visual" | "textual") {
  const rows = graph.input(`${modality}_alarm_rows`, "int32", [sequenceCount(context.shape)]);
  const weight = modality === "visual" ? ALARM_TENSOR_NAMES.visualHeadWeight : ALARM_TENSOR_NAMES.textualHeadWeight;
  const bias = modality === "visual" ? ALARM_TENSOR_NAMES.visualHeadBias : ALARM_TENSOR_NAMES.textualHeadBias;
  return {
    hidden: gather(hidden, rows),
    weight: params(weight, [1, context.config.hiddenSize]),
    bias: params(bias, [1]),
  };
}

/** Declares the loss and one gradient output for each trained parameter that the loss depends on. */
export function withGradients(language: LanguageGraph, loss: Value, trained: readonly string[]): GraphPlan {
  const { graph, inputs } = language;
  const names = trained.filter((name) => inputs.has(name));
  graph.output("loss", reshape(loss, []));
  const gradients = grad(
    loss,
    names.map((name) => inputs.get(name) as Value),
  );
  gradients.forEach((gradient, i) => {
    graph.output(gradientOutput(names[i] as string), gradient);
  });
  return { graph, parameters: inputs.keys() };
}
