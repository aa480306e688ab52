// The process behind `startEngineProcess`: loads a guard once, then assesses one input after another until its parent goes.
import { DefenseError } from "../../errors.js";
import type { EngineReply, EngineRequest, EngineSettings } from "./engine-protocol.js";
import type { GuardEngine } from "./guard-engine.js";
import { openEngine } from "./open-engine-node.js";

const say = (reply: EngineReply): void => void process.send?.(reply);
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const dropped = new Set<number>();
let work: Promise<void> = Promise.resolve();
let engine: GuardEngine | null = null;

process.on("disconnect", () => process.exit(0));
process.on("SIGINT", () => {}); // Ctrl-C reaches the whole group: the parent says when to end.
process.on("message", (request: EngineRequest) => {
  if (request.type === "drop") {
    dropped.add(request.id);
    return;
  }
  work = work.then(async () => {
    const { id, input } = request;
    if (dropped.delete(id) || engine === null) return;
    try {
      say({ type: "assessed", id, assessment: await engine.assess(input) });
    } catch (error) {
      const ofInput = error instanceof DefenseError && error.code === "invalid-input";
      say({ type: "failed", id, code: ofInput ? "invalid-input" : "guard-failed", message: messageOf(error) });
    }
    dropped.delete(id);
  });
});

try {
  engine = await openEngine(JSON.parse(process.argv[2] as string) as EngineSettings);
  say({ type: "ready" });
} catch (error) {
  process.send?.({ type: "unusable", message: messageOf(error) } satisfies EngineReply, () => process.exit(1));
}
