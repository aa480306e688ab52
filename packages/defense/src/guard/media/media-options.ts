import * as z from "zod";

const bytes = z.int().positive();

/** Which pictures and videos a guard reads, and at what cost at most. */
export const mediaOptionsSchema = z.strictObject({
  allowedHosts: z
    .array(
      z
        .string()
        .regex(/^(\*\.)?[a-z0-9.-]+(:\d+)?$/i, "expected a host name such as media.example.org, or *.example.org"),
    )
    .default([])
    .describe("hosts that http and https addresses may name, redirects included; default none"),
  allowPrivateAddresses: z
    .boolean()
    .default(false)
    .describe("whether an allowed host may have a loopback, private or other special address"),
  allowedFolder: z
    .string()
    .nullable()
    .default(null)
    .describe("folder that file: addresses may name files of; null: none"),
  maxVideos: z.int().min(1).max(64).default(4).describe("most videos of one turn"),
  maxPictures: z
    .int()
    .min(1)
    .max(1024)
    .default(64)
    .describe("most pictures of one turn, or frames of one video in pictures"),
  maxSourceBytes: bytes.default(64 * 2 ** 20).describe("most bytes of one video or picture"),
  maxPixels: bytes.default(2 ** 24).describe("most pixels of one frame as it is stored"),
  maxListedFrames: bytes.default(2 ** 18).describe("most frames that a video may list"),
  maxOutputBytes: bytes.default(2 ** 28).describe("most bytes of sampled frames of one video"),
  timeoutMilliseconds: z.int().min(100).default(30_000).describe("time to fetch and decode one video"),
  isolate: z
    .boolean()
    .default(true)
    .describe("decode in a process of its own, for files from strangers; costs 0.3 s each"),
  concurrency: z.int().min(1).max(64).default(2).describe("videos that are fetched and decoded at a time"),
});

/** Options of reading media, defaults filled in. */
export type MediaOptions = z.infer<typeof mediaOptionsSchema>;
