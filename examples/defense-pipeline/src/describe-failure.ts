/** One line for a person: what happened and what to do. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOSPC") return `no space left on the disk: free some, then continue with --resume (${error.message})`;
  if (code === "EACCES" || code === "EROFS")
    return `the output folder cannot be written: choose another with --out (${error.message})`;
  return error.message.split("\n")[0] ?? error.name;
}
