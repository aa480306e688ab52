import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** All modules reachable from an entry, with what they import by value. */
function reachable(entry: string, seen = new Map<string, string[]>()): Map<string, string[]> {
  if (seen.has(entry)) return seen;
  const text = readFileSync(new URL(entry, import.meta.url), "utf8");
  const statements = text.matchAll(/^(?:import|export) (?!type )[^;]*?from "([^"]+)";/gms);
  const targets = [...statements].map(([, target]) => target as string);
  seen.set(entry, targets);
  for (const target of targets) if (target.startsWith("./")) reachable(target.replace(/\.js$/, ".ts"), seen);
  return seen;
}

test("the browser entry reaches no Node built-in and no *-node.ts file", () => {
  const modules = reachable("./browser.ts");
  expect(modules.size).toBeGreaterThan(15);
  for (const [file, targets] of modules) {
    expect(file).not.toMatch(/-node\.ts$/);
    for (const target of targets) expect(target).toMatch(/^(\.\/|zod$)/);
  }
});

test("Node built-ins are imported only by files named *-node.ts", () => {
  for (const [file, targets] of reachable("./index.ts"))
    if (targets.some((target) => target.startsWith("node:"))) expect(file).toMatch(/-node\.ts$/);
});
