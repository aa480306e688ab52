import type { Precision } from "@videosafety/video-llm";

/** How the weights of a base can be held: choices of options and schemas. */
export const PRECISIONS = ["float32", "bfloat16", "float16", "int8", "int4"] as const satisfies readonly Precision[];
