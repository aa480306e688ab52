// Entry of the child process behind `isolate: true` and sampleMany: answers one request at a time until it is killed.
import { VideoSamplerError } from "../../errors.js";
import { sampleFrames } from "../sample-frames-node.js";
import { guardMemory } from "./memory-guard-node.js";
import type { SamplerReply, SamplerRequest } from "./sampler-protocol.js";

const DEFAULT_MEMORY_BYTES = 2 ** 31;
const boundMemory = guardMemory();

process.on("message", (request: SamplerRequest) => {
  answer(request).then((reply) => send(reply));
});
process.on("disconnect", () => process.exit(0));

async function answer({ path, plan, options }: SamplerRequest): Promise<SamplerReply> {
  try {
    await boundMemory(options.limits?.maxMemoryBytes ?? DEFAULT_MEMORY_BYTES);
    const onProgress = (progress: { framesDone: number; framesTotal: number }) =>
      send({ type: "progress", ...progress });
    return { type: "sampled", video: await sampleFrames(path, plan, { ...options, onProgress }) };
  } catch (error) {
    const code = error instanceof VideoSamplerError ? error.code : null;
    return { type: "failed", code, message: error instanceof Error ? error.message : String(error) };
  }
}

function send(reply: SamplerReply): void {
  process.send?.(reply);
}
