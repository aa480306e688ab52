/** Paths of the values in which two configurations differ, such as `stages.0.batchSize`; at most ten. */
export function differingKeys(a: unknown, b: unknown, path = ""): string[] {
  if (JSON.stringify(a) === JSON.stringify(b)) return [];
  const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
  if (!isObject(a) || !isObject(b) || Array.isArray(a) !== Array.isArray(b)) return [path === "" ? "everything" : path];
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return keys.flatMap((key) => differingKeys(a[key], b[key], path === "" ? key : `${path}.${key}`)).slice(0, 10);
}
