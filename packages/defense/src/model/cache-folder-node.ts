import { homedir } from "node:os";
import { join } from "node:path";

/** Where this package keeps what can be made again: `VIDEOSAFETY_CACHE`, else `XDG_CACHE_HOME`/videosafety, else ~/.cache/videosafety. */
export function cacheFolder(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const { VIDEOSAFETY_CACHE: own, XDG_CACHE_HOME: shared } = environment;
  return own || join(shared || join(homedir(), ".cache"), "videosafety");
}
