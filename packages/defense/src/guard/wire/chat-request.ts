import { type ChatTurn, chatTurns } from "@videosafety/alarm-tokens";
import { RequestError } from "@videosafety/endpoint/server";

/** A picture or video as a request names it. */
export interface MediaPart {
  /** Which part of the message it was. */
  readonly type: "image" | "video";
  /** `data:`, `http:`, `https:` or `file:`. */
  readonly url: string;
}

/** A user turn as a guard assesses it; `video` are the pictures and videos in view. */
export type RequestTurn = ChatTurn<readonly MediaPart[]>;

/** What the guard needs of a chat request. */
export interface ChatRequest {
  /** At least one. */
  readonly turns: readonly RequestTurn[];
  readonly model: string | undefined;
  readonly stream: boolean;
  /** Whether a streamed answer ends with a chunk of token counts. */
  readonly includeUsage: boolean;
  /** Choices that are asked for. */
  readonly choices: number;
}

/** Members with texts of the client's that would reach the model beside the messages. */
const OTHER_TEXTS = ["chat_template", "documents", "prompt", "prompt_embeds", "input"];
/** Names of parts' members that carry media. */
const MEDIA_MEMBER = /image|video|audio|file|embed|pixel/i;
const ROLES = ["system", "developer", "user", "assistant", "tool", "function"];

const unreadable = (message: string): RequestError => new RequestError(400, "unreadable_input", message);
const shown = (value: unknown): string => JSON.stringify(value)?.slice(0, 60) ?? typeof value;

/**
 * Reads the turns of a chat request. What the guard cannot read it refuses, since the model might read it: parts of other kinds (audio, files,
 * embeddings), media outside of user messages, a template of the client's. User messages that follow each other are one turn.
 *
 * @throws RequestError 400 `unreadable_input`
 */
export function readChatRequest(body: Readonly<Record<string, unknown>>): ChatRequest {
  const other = OTHER_TEXTS.find((name) => body[name] !== undefined && body[name] !== null);
  if (other !== undefined) throw unreadable(`expected texts in messages only, found the member ${other}`);
  const { messages, model, stream, stream_options: streamOptions, n } = body;
  if (!Array.isArray(messages) || messages.length === 0) throw unreadable("messages: expected a list of messages");
  const read = messages.map(readMessage);
  const joined: ReturnType<typeof readMessage>[] = [];
  for (const message of read) {
    const last = joined.at(-1);
    if (last?.role === "user" && message.role === "user")
      joined[joined.length - 1] = {
        role: "user",
        content: `${last.content}\n${message.content}`,
        media: [...last.media, ...message.media],
      };
    else joined.push(message);
  }
  if (!joined.some(({ role }) => role === "user")) throw unreadable("messages: expected a user message, found none");
  const turns = chatTurns(
    joined.map(({ role, content, media }) => ({
      role: role === "user" || role === "assistant" ? role : "system",
      content,
      video: media.length === 0 ? null : media,
    })),
  );
  return {
    turns,
    model: typeof model === "string" ? model : undefined,
    stream: stream === true,
    includeUsage: (streamOptions as { include_usage?: unknown } | null | undefined)?.include_usage === true,
    choices: typeof n === "number" && Number.isInteger(n) && n >= 1 && n <= 128 ? n : 1,
  };
}

function readMessage(message: unknown, index: number): { role: string; content: string; media: MediaPart[] } {
  const where = `messages[${index}]`;
  const { role, content } = (message ?? {}) as { role?: unknown; content?: unknown };
  if (typeof role !== "string" || !ROLES.includes(role))
    throw unreadable(`${where}.role: expected one of ${ROLES.join(", ")}, found ${shown(role)}`);
  if (typeof content === "string") return { role, content, media: [] };
  // An assistant that called a tool has no content.
  if ((content === null || content === undefined) && role !== "user") return { role, content: "", media: [] };
  if (!Array.isArray(content))
    throw unreadable(`${where}.content: expected a text or a list of parts, found ${shown(content)}`);
  const texts: string[] = [];
  const media: MediaPart[] = [];
  content.forEach((part, k) => {
    const read = readPart(part, `${where}.content[${k}]`);
    if (typeof read === "string") texts.push(read);
    else media.push(read);
  });
  if (media.length > 0 && role !== "user")
    throw unreadable(`${where}: expected pictures and videos in user messages only, found one of ${role}`);
  return { role, content: texts.join("\n"), media };
}

function readPart(part: unknown, where: string): string | MediaPart {
  if (typeof part === "string") return part;
  const entry = (part ?? {}) as Record<string, unknown>;
  const { type } = entry;
  const own = type === "image_url" || type === "video_url" ? type : null;
  const other = Object.keys(entry).find((name) => name !== own && name !== "type" && MEDIA_MEMBER.test(name));
  if (other !== undefined)
    throw unreadable(`${where}: expected a part of one kind, found the member ${shown(other)} too`);
  if (
    (type === "text" || type === "refusal" || type === "input_text") &&
    typeof (entry.text ?? entry.refusal) === "string"
  )
    return (entry.text ?? entry.refusal) as string;
  if (own === null)
    throw unreadable(`${where}: expected a part of type text, image_url or video_url, found ${shown(type)}`);
  const value = entry[own];
  const url = typeof value === "string" ? value : (value as { url?: unknown } | null | undefined)?.url;
  if (typeof url !== "string") throw unreadable(`${where}.${own}: expected an address in url, found ${shown(url)}`);
  return { type: own === "image_url" ? "image" : "video", url };
}
