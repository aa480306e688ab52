/** Stable identifiers of the ways sampling can fail; switch on these rather than on messages. */
export type VideoSamplerErrorCode =
  | "NOT_FOUND"
  | "UNAVAILABLE"
  | "INVALID_SOURCE"
  | "NOT_MEDIA"
  | "NO_VIDEO_STREAM"
  | "TRUNCATED"
  | "DECODER_MISSING"
  | "DECODE_FAILED"
  | "NO_BACKEND"
  | "INVALID_PLAN"
  | "LIMIT_EXCEEDED"
  | "TIMEOUT"
  | "ISOLATE_FAILED";

/** Base class of every error this package throws on purpose; `message` says expected, found and what to do next. */
export class VideoSamplerError extends Error {
  /** Stable identifier, see {@link VideoSamplerErrorCode}. */
  readonly code: VideoSamplerErrorCode;

  constructor(code: VideoSamplerErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The source does not exist or may not be read. */
export class NotFoundError extends VideoSamplerError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("NOT_FOUND", message, options);
  }
}

/** A server or connection failed, and failed again when asked again; later it may work. */
export class UnavailableError extends VideoSamplerError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("UNAVAILABLE", message, options);
  }
}

/** What was passed names no source: a malformed or refused address, another type, a scheme that is not read. */
export class InvalidSourceError extends VideoSamplerError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("INVALID_SOURCE", message, options);
  }
}

/** The bytes are no media container this package opens (empty files and playlists included). */
export class NotMediaError extends VideoSamplerError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("NOT_MEDIA", message, options);
  }
}

/** The container is fine but has no moving pictures: audio only, or cover art only. */
export class NoVideoStreamError extends VideoSamplerError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("NO_VIDEO_STREAM", message, options);
  }
}

/** The file is cut off in a way that leaves nothing to decode, such as an MP4 without its `moov` box. */
export class TruncatedError extends VideoSamplerError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("TRUNCATED", message, options);
  }
}

/** The stream's codec has no decoder in the chosen backend. */
export class DecoderMissingError extends VideoSamplerError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("DECODER_MISSING", message, options);
  }
}

/** Not one frame of the stream could be decoded. */
export class DecodeFailedError extends VideoSamplerError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("DECODE_FAILED", message, options);
  }
}

/** Neither node-av nor an ffmpeg program is usable here. */
export class NoBackendError extends VideoSamplerError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("NO_BACKEND", message, options);
  }
}

/** The plan or an option is malformed, or cannot be met by this video. */
export class InvalidPlanError extends VideoSamplerError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("INVALID_PLAN", message, options);
  }
}

/** A limit on pixels, frames or bytes was reached; raise it in the options if the source is trusted. */
export class LimitExceededError extends VideoSamplerError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("LIMIT_EXCEEDED", message, options);
  }
}

/** The time given in `timeoutMs` ran out. */
export class SamplingTimeoutError extends VideoSamplerError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("TIMEOUT", message, options);
  }
}

/** The child process that decoded for `isolate: true` died; the host is unharmed. */
export class IsolateFailedError extends VideoSamplerError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("ISOLATE_FAILED", message, options);
  }
}

const CLASSES: Partial<Record<VideoSamplerErrorCode, new (message: string) => VideoSamplerError>> = {
  NOT_FOUND: NotFoundError,
  UNAVAILABLE: UnavailableError,
  INVALID_SOURCE: InvalidSourceError,
  NOT_MEDIA: NotMediaError,
  NO_VIDEO_STREAM: NoVideoStreamError,
  TRUNCATED: TruncatedError,
  DECODER_MISSING: DecoderMissingError,
  DECODE_FAILED: DecodeFailedError,
  NO_BACKEND: NoBackendError,
  INVALID_PLAN: InvalidPlanError,
  LIMIT_EXCEEDED: LimitExceededError,
  TIMEOUT: SamplingTimeoutError,
  ISOLATE_FAILED: IsolateFailedError,
};

/** Rebuilds an error that crossed a process boundary as its code and message. */
export function errorFromCode(code: VideoSamplerErrorCode, message: string): VideoSamplerError {
  const Class = CLASSES[code];
  return Class === undefined ? new VideoSamplerError(code, message) : new Class(message);
}
