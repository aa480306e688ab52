export { openApiDocument } from "./openapi.js";
export { type RewardServer, type ServerSurroundings, startRewardServer } from "./server-node.js";
export { type ServerOptions, serverOptionsSchema } from "./server-options.js";
export {
  type ErrorResponse,
  errorResponseSchema,
  type OpenRlhfRequest,
  type OpenRlhfResponse,
  openRlhfRequestSchema,
  openRlhfResponseSchema,
  type RewardItem,
  type RewardRequest,
  type RewardResponse,
  rewardItemSchema,
  rewardRequestSchema,
  rewardResponseSchema,
} from "./wire.js";
export { OverloadedError } from "./worker-pool-node.js";
