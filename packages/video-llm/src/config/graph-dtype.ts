import type { DType } from "@videosafety/onnx-autodiff";

/** Float types a graph can be built in: float64 for gradient checks. */
export type GraphDType = Extract<DType, "float32" | "float64">;
