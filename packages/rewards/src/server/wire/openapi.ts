import * as z from "zod";
import { rewardItemSchema } from "../../compose/reward-item.js";
import {
  errorResponseSchema,
  openRlhfRequestSchema,
  openRlhfResponseSchema,
  rewardRequestSchema,
  rewardResponseSchema,
} from "./wire.js";

const reference = (id: string): string => `#/components/schemas/${id}`;

/** The server's OpenAPI 3.1 document, made from the schemas that check its requests. */
export function openApiDocument(version: string): Record<string, unknown> {
  const registry = z.registry<{ id: string }>();
  registry.add(rewardItemSchema, { id: "RewardItem" });
  registry.add(rewardRequestSchema, { id: "RewardRequest" });
  registry.add(rewardResponseSchema, { id: "RewardResponse" });
  registry.add(openRlhfRequestSchema, { id: "OpenRlhfRequest" });
  registry.add(openRlhfResponseSchema, { id: "OpenRlhfResponse" });
  registry.add(errorResponseSchema, { id: "ErrorResponse" });
  const { schemas } = z.toJSONSchema(registry, { uri: reference, io: "input" });
  for (const schema of Object.values(schemas)) {
    delete schema.$schema;
    delete schema.$id;
  }
  const json = (id: string, description: string) => ({
    description,
    content: { "application/json": { schema: { $ref: reference(id) } } },
  });
  const operation = (summary: string, request: string, response: string) => ({
    post: {
      summary,
      security: [{ bearer: [] }],
      requestBody: { required: true, content: { "application/json": { schema: { $ref: reference(request) } } } },
      responses: {
        200: json(response, "the scores, in the order of the request"),
        400: json("ErrorResponse", "a field is missing or wrong; issues name its path"),
        401: json("ErrorResponse", "no or wrong bearer token"),
        413: json("ErrorResponse", "the body, or the number of items, is over the limit"),
        429: json("ErrorResponse", "too much is waiting; try again after Retry-After"),
        503: json("ErrorResponse", "the server is shutting down"),
      },
    },
  });
  const plain = (summary: string, secured: boolean) => ({
    get: { summary, ...(secured && { security: [{ bearer: [] }] }), responses: { 200: { description: "ok" } } },
  });
  return {
    openapi: "3.1.0",
    info: { title: "safety-rewards", version, license: { name: "MIT", identifier: "MIT" } },
    paths: {
      "/v1/rewards": operation("Judge completions", "RewardRequest", "RewardResponse"),
      "/v1/openrlhf": operation("OpenRLHF's remote reward model", "OpenRlhfRequest", "OpenRlhfResponse"),
      "/healthz": plain("The process answers", false),
      "/readyz": plain("The threads have loaded their rewards and the server is not shutting down", false),
      "/metrics": plain("Prometheus metrics", true),
      "/openapi.json": plain("This document", false),
    },
    components: { schemas, securitySchemes: { bearer: { type: "http", scheme: "bearer" } } },
  };
}
