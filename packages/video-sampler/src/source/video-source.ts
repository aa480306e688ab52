/**
 * Where a video comes from: a path, a `file:`, `http:` or `https:` URL (as string or URL), the bytes of a file, a Blob, a
 * stream of bytes, or a folder of images (a path that names a directory).
 */
export type VideoSource = string | URL | Uint8Array | ArrayBuffer | Blob | AsyncIterable<Uint8Array>;
