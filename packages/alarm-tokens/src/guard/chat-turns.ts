import { AlarmShapeError } from "../errors.js";
import type { Assessment, Guard } from "./guard.js";

/** A message of a chat, as far as a guard needs it. `Video` is whatever the caller's inputs are made of. */
export interface ChatMessage<Video> {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
  /** The video that comes with the message. */
  readonly video?: Video | null;
}

/** One user turn as a guard sees it. */
export interface ChatTurn<Video> {
  /** Index among the user turns, from 0. */
  readonly turn: number;
  /** Index of its message. */
  readonly message: number;
  /** The query: of this turn, or of all user turns so far (`context`). */
  readonly query: string;
  /** The video that is in view: this turn's, or the latest one before it; null when there was none. */
  readonly video: Video | null;
  /** Whether the video came with an earlier turn. */
  readonly carriedVideo: boolean;
}

/** Options of `chatTurns`. */
export interface ChatTurnOptions {
  /**
   * "turn" (default): each user turn is judged by its own words, so that a threshold made from single questions keeps its promise for each turn.
   * "conversation": by the words of all user turns so far, a line each. That finds a request split over turns, refuses every turn after a harmful one, and
   * needs a calibration made from conversations.
   */
  readonly context?: "turn" | "conversation";
}

/**
 * The user turns of a chat, each as an input of a guard. The paper's alarm tokens stand in one user turn and see nothing that follows; so each
 * turn is a prompt of its own, with the video that is in view. What the assistant said is left out: a model's words are not the user's.
 *
 * @throws AlarmShapeError without a user turn
 */
export function chatTurns<Video>(
  messages: readonly ChatMessage<Video>[],
  { context = "turn" }: ChatTurnOptions = {},
): ChatTurn<Video>[] {
  const turns: ChatTurn<Video>[] = [];
  const said: string[] = [];
  let video: Video | null = null;
  messages.forEach((message, index) => {
    if (message.role !== "user") return;
    said.push(message.content);
    const own = message.video ?? null;
    video = own ?? video;
    turns.push({
      turn: turns.length,
      message: index,
      query: context === "turn" ? message.content : said.join("\n"),
      video,
      carriedVideo: own === null && video !== null,
    });
  });
  if (turns.length === 0)
    throw new AlarmShapeError(`expected a chat with a user turn, found ${messages.length} messages without one`);
  return turns;
}

/** A turn with what the guard says of it. */
export interface TurnAssessment<Video> extends ChatTurn<Video> {
  readonly assessment: Assessment;
  /** Whether this or an earlier turn was not allowed. */
  readonly raisedSoFar: boolean;
}

/**
 * Assesses the user turns of a chat, one forward pass each. The verdict on a chat that is to be answered now is that of its last turn.
 *
 * Every turn is a new chance for a false alarm. A calibration from single inputs promises a rate of safe turns; one of `calibrateStreamGuard({ unit:
 * "conversation" })`, made from the turns of whole safe conversations, a rate of safe conversations in which any turn is refused.
 *
 * @param options.input turns a turn into the guard's input
 */
export async function* watchTurns<Video, Input>(
  guard: Pick<Guard<Input>, "assess">,
  turns: Iterable<ChatTurn<Video>> | AsyncIterable<ChatTurn<Video>>,
  options: { input(turn: ChatTurn<Video>): Input | Promise<Input>; readonly signal?: AbortSignal },
): AsyncGenerator<TurnAssessment<Video>, void, void> {
  const { signal } = options;
  let raisedSoFar = false;
  for await (const turn of turns) {
    const assessment = await guard.assess(await options.input(turn), signal ? { signal } : {});
    raisedSoFar ||= assessment.verdict !== "allow";
    yield { ...turn, assessment, raisedSoFar };
  }
}
