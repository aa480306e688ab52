export { type RewardItem, rewardItemSchema } from "./compose/reward-item.js";
export { openApiDocument } from "./server/openapi.js";
export { type RewardServer, type ServerSurroundings, startRewardServer } from "./server/server-node.js";
export { type ServerOptions, serverOptionsSchema } from "./server/server-options.js";
export {
  type ErrorResponse,
  errorResponseSchema,
  type OpenRlhfRequest,
  type OpenRlhfResponse,
  openRlhfRequestSchema,
  openRlhfResponseSchema,
  type RewardRequest,
  type RewardResponse,
  rewardRequestSchema,
  rewardResponseSchema,
} from "./server/wire.js";
export { OverloadedError } from "./server/worker-pool-node.js";
