import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const root = new URL("./", import.meta.url).href;

/** All modules reachable from an entry (paths below src), with what they import by value: paths below src, or bare names. */
function reachable(entry: string, seen = new Map<string, string[]>()): Map<string, string[]> {
  if (seen.has(entry)) return seen;
  const url = new URL(entry, root);
  const statements = readFileSync(url, "utf8").matchAll(/^(?:import|export) (?!type )[^;]*?from "([^"]+)";/gms);
  const targets = [...statements].map(([, target]) =>
    target?.startsWith(".") ? new URL(target.replace(/\.js$/, ".ts"), url).href.slice(root.length) : (target as string),
  );
  seen.set(entry, targets);
  for (const target of targets) if (target.endsWith(".ts")) reachable(target, seen);
  return seen;
}

test("the browser entry reaches no Node built-in and no *-node.ts file", () => {
  const modules = reachable("browser.ts");
  expect(modules.size).toBeGreaterThan(15);
  for (const [file, targets] of modules) {
    expect(file).not.toMatch(/-node\.ts$/);
    for (const target of targets) expect(target).toMatch(/(\.ts|^zod|^@videosafety\/random)$/);
  }
});

test("Node built-ins are imported only by files named *-node.ts", () => {
  for (const [file, targets] of reachable("index.ts"))
    if (targets.some((target) => target.startsWith("node:"))) expect(file).toMatch(/-node\.ts$/);
});
