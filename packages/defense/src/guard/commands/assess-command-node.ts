import { readJsonl } from "@videosafety/safety-data/node";
import type { SamplePlan } from "@videosafety/video-sampler";
import type { Command as Program } from "commander";
import * as z from "zod";
import type { Terminal } from "../../command/command.js";
import { DefenseError } from "../../errors.js";
import { sampleItem } from "../calibrate/sample-item-node.js";
import { openEngine } from "../engine/open-engine-node.js";
import { readGuardFile } from "../file/guard-file-node.js";

const itemSchema = z.looseObject({
  id: z.union([z.string(), z.number()]).optional(),
  query: z.string().min(1),
  video: z.union([z.string().min(1), z.looseObject({ path: z.string().min(1) })]).nullish(),
});
type Item = z.infer<typeof itemSchema>;

/** `videosafety guard assess`. */
export function addAssess(program: Program, terminal: Terminal, signal: AbortSignal): void {
  program
    .command("assess")
    .description("what a guard says of files: JSON Lines out, one line per item; exit 1 when any could not be assessed")
    .argument("[items]", "JSON Lines of {id, query, video}; or --query and --video")
    .requiredOption("--checkpoint <directory>", "model directory, hub id, or folder of an adapter")
    .option("--adapter <directory>", "adapter on it")
    .requiredOption("--calibration <file>", "the guard, from guard calibrate")
    .option("--first-tier <file>", "ONNX classifier of the guard's first tier")
    .option("--media-root <folder>", "folder that media paths start from", ".")
    .option("--video <file>", "one video or picture")
    .option("--query <text>", "what is asked about it")
    .action(async (path: string | undefined, flags) => {
      if ((path === undefined) === (flags.query === undefined))
        throw new DefenseError("usage", "expected a file of items, or --query (with --video), and not both");
      const file = await readGuardFile(flags.calibration);
      const engine = await openEngine({
        checkpoint: flags.checkpoint,
        ...(flags.adapter && { adapter: flags.adapter }),
        ...(flags.firstTier && { firstTier: flags.firstTier }),
        guardFile: flags.calibration,
        mode: "refuse",
      });
      const items: AsyncIterable<Item> | Item[] =
        path === undefined
          ? [{ query: flags.query as string, video: (flags.video as string | undefined) ?? null }]
          : readJsonl(path, { schema: itemSchema });
      const plan = file.provenance.plan as SamplePlan;
      let [count, failed] = [0, 0];
      for await (const item of items) {
        signal.throwIfAborted();
        const id = item.id ?? count;
        count++;
        try {
          const video = typeof item.video === "string" ? item.video : item.video?.path;
          const videos =
            video === undefined ? [] : [await sampleItem(video, flags.mediaRoot, plan, { signal, undamaged: true })];
          const { latency, ...said } = await engine.assess({ query: item.query, videos }, { signal });
          terminal.out(`${JSON.stringify({ id, ...said, milliseconds: latency.totalMs })}\n`);
        } catch (error) {
          signal.throwIfAborted();
          failed++;
          terminal.out(
            `${JSON.stringify({ id, error: { code: (error as { code?: unknown }).code ?? "failed", message: (error as Error).message } })}\n`,
          );
        }
      }
      await engine.close();
      if (failed > 0)
        throw new DefenseError(
          "guard-failed",
          `${failed} of ${count} items could not be assessed: their lines say why`,
        );
    });
}
