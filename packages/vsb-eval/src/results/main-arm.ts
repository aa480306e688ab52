/** The arm that a number without an arm means: `video`, else the first; null for none. */
export function mainArm(arms: readonly string[]): string | null {
  return arms.includes("video") ? "video" : (arms[0] ?? null);
}
