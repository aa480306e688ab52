import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** How models are fetched from the Hugging Face hub. What is left out comes from the environment, as for huggingface_hub. */
export interface HubOptions {
  /** Branch, tag or commit. Default main. */
  readonly revision?: string;
  /** Token of an account that may read the model. Default `HF_TOKEN`, else the file that `hf auth login` wrote. */
  readonly token?: string;
  /** Server. Default `HF_ENDPOINT`, else https://huggingface.co. */
  readonly endpoint?: string;
  /** Where snapshots are kept. Default `HF_HUB_CACHE`, else `HF_HOME`/hub, else ~/.cache/huggingface/hub. */
  readonly hubCacheDirectory?: string;
  /** Take what the cache holds and ask no server. Default `HF_HUB_OFFLINE`. */
  readonly offline?: boolean;
  /** Told what has arrived. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Stops the download; what has arrived is kept, and the next one goes on from there. */
  readonly signal?: AbortSignal;
}

/** State of a download. */
export interface DownloadProgress {
  /** File that is being fetched. */
  readonly file: string;
  /** Bytes of it that are here. */
  readonly fileBytes: number;
  /** Its size. */
  readonly fileTotal: number;
  /** Bytes of all files that are here. */
  readonly bytes: number;
  /** Size of all files. */
  readonly total: number;
}

/** Options with nothing left open. */
export interface HubSettings extends HubOptions {
  readonly revision: string;
  readonly endpoint: string;
  readonly hubCacheDirectory: string;
  readonly offline: boolean;
}

/** Fills options from the environment. */
export async function hubSettings(
  options: HubOptions = {},
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<HubSettings> {
  const set = (name: string): string | undefined => environment[name] || undefined;
  const home = set("HF_HOME") ?? join(set("XDG_CACHE_HOME") ?? join(homedir(), ".cache"), "huggingface");
  const token = options.token ?? set("HF_TOKEN") ?? (await storedToken(set("HF_TOKEN_PATH") ?? join(home, "token")));
  return {
    ...options,
    revision: options.revision ?? "main",
    endpoint: (options.endpoint ?? set("HF_ENDPOINT") ?? "https://huggingface.co").replace(/\/+$/, ""),
    hubCacheDirectory:
      options.hubCacheDirectory ?? set("HF_HUB_CACHE") ?? set("HUGGINGFACE_HUB_CACHE") ?? join(home, "hub"),
    offline: options.offline ?? /^(1|on|yes|true)$/i.test(set("HF_HUB_OFFLINE") ?? ""),
    ...(token === undefined ? {} : { token }),
  };
}

async function storedToken(file: string): Promise<string | undefined> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text.trim() || undefined;
}
