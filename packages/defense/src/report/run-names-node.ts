import { basename, resolve } from "node:path";

/** Names of runs for a table: their folders' names, or the paths as given where two folders have the same name. */
export function runNames(paths: readonly string[]): string[] {
  const names = paths.map((path) => basename(resolve(path)));
  return paths.map((path, i) => {
    const name = names[i] as string;
    return names.filter((other) => other === name).length > 1 ? path : name;
  });
}
