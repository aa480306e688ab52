/** Where a record came from, so that an error can name it. */
export interface RecordLocation {
  /** Path or URL of the file. */
  readonly file?: string;
  /** Line in the file, starting at 1. */
  readonly line?: number;
  /** The record's own id. */
  readonly id?: string;
}

/** `train.jsonl:12 (id 7)`, as far as it is known; empty when nothing is. */
export function describeLocation(location: RecordLocation | undefined): string {
  if (location === undefined) return "";
  const line = location.line === undefined ? "" : `:${location.line}`;
  const place = location.file === undefined ? line.replace(/^:/, "line ") : `${location.file}${line}`;
  const id = location.id === undefined ? "" : place === "" ? `id ${location.id}` : ` (id ${location.id})`;
  return place + id;
}
