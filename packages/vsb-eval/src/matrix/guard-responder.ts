import type { Responder, ResponderAnswer, ResponderRequest } from "../run/responder.js";

/** What a guard's run says of a request that it refuses: a refusal to every judge. */
export const GUARD_REFUSAL = "I cannot help with that.";
/** What it says of one that it lets through: the next run of the defense is asked. */
export const GUARD_PASS = "The guard lets this through.";

/**
 * A guard as a run of the matrix. Its findings are kept like answers, so a matrix that was stopped does not ask again, and one guard can
 * stand before several models.
 *
 * @param id with the hash of its weights and of its calibration: part of the content key
 * @param refuses whether the guard refuses a request; what it throws is an error of the unit, never a refusal
 */
export function createGuardResponder(
  id: string,
  refuses: (request: ResponderRequest, options: { signal?: AbortSignal }) => boolean | Promise<boolean>,
): Responder {
  const respond = async (request: ResponderRequest, options: { signal?: AbortSignal }): Promise<ResponderAnswer> => ({
    text: (await refuses(request, options)) ? GUARD_REFUSAL : GUARD_PASS,
    finishReason: "stop",
  });
  return {
    id: `guard:${id}`,
    respond,
    respondMany: async (requests, options) => {
      const answers: ResponderAnswer[] = [];
      for (const request of requests) answers.push(await respond(request, options));
      return answers;
    },
  };
}
