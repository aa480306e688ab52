import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A model that the server offers. */
export interface OfferedModel {
  readonly commit: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Only requests with this token see it. */
  readonly token?: string;
}

/** A server that speaks the part of the Hugging Face hub's API that downloads need. */
export interface HubServer {
  readonly endpoint: string;
  readonly models: Map<string, OfferedModel>;
  /** Requests as `METHOD path range`. */
  readonly requests: string[];
  /** The next body of this file ends after so many bytes. */
  breakAfter: { path: string; bytes: number } | null;
  close(): Promise<void>;
}

/** Files above this size are kept as large ones, hashed by SHA-256 and served from another address. */
const LARGE = 2000;
const sha = (kind: "sha1" | "sha256", ...parts: (string | Uint8Array)[]): string => {
  const hash = createHash(kind);
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
};

export async function startHub(): Promise<HubServer> {
  const models = new Map<string, OfferedModel>();
  const requests: string[] = [];
  const hub: { breakAfter: HubServer["breakAfter"] } = { breakAfter: null };
  const server = createServer((request, response) => {
    const url = new URL(request.url as string, "http://hub");
    requests.push(`${request.method} ${url.pathname} ${request.headers.range ?? ""}`.trim());
    const fail = (status: number, code: string) => response.writeHead(status, { "X-Error-Code": code }).end("no");
    const [, api, id, kind, revision, path] =
      /^\/(api\/models\/)?([^/]+\/[^/]+)\/(revision|tree|resolve|raw)\/([^/]+)(?:\/(.+))?$/.exec(url.pathname) ?? [];
    const model = models.get(id ?? "");
    const asked = request.headers.authorization;
    if (model === undefined) return fail(404, "RepoNotFound");
    if (model.token !== undefined && asked !== `Bearer ${model.token}`) return fail(401, "GatedRepo");
    if (revision !== "main" && revision !== model.commit) return fail(404, "RevisionNotFound");
    const json = (value: unknown) =>
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
    if (api !== undefined && kind === "revision") {
      const info = {
        _id: "1",
        id,
        sha: model.commit,
        private: false,
        gated: false,
        lastModified: "2026-01-01T00:00:00Z",
      };
      return json({ ...info, downloads: 0, likes: 0 });
    }
    if (api !== undefined) {
      const entry = ([name, data]: [string, Uint8Array]) => {
        const oid = sha("sha1", `blob ${data.length}\0`, data);
        const lfs =
          data.length > LARGE ? { lfs: { oid: sha("sha256", data), size: data.length, pointerSize: 130 } } : {};
        return { type: "file", path: name, size: data.length, oid, ...lfs };
      };
      return json([{ type: "directory", path: "assets", size: 0, oid: "0" }, ...Array.from(model.files, entry)]);
    }
    const data = model.files.get(path ?? "");
    if (data === undefined) return fail(404, "EntryNotFound");
    const [, from = "0", to] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? "") ?? [];
    const [start, end] = [Number(from), to ? Math.min(Number(to) + 1, data.length) : data.length];
    const ranged = request.headers.range !== undefined && data.length > 0;
    response.writeHead(ranged ? 206 : 200, {
      etag: `"${sha("sha1", data)}"`,
      "content-length": end - start,
      ...(ranged ? { "content-range": `bytes ${start}-${end - 1}/${data.length}` } : {}),
    });
    const body = data.subarray(start, end);
    const broken = hub.breakAfter;
    if (broken !== null && broken.path === path && body.length > 1) {
      const { bytes } = broken;
      hub.breakAfter = null;
      response.write(body.subarray(0, bytes), () => response.destroy());
      return;
    }
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(hub, {
    endpoint,
    models,
    requests,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  });
}
