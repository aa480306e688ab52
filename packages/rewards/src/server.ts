export { type RewardItem, rewardItemSchema } from "./compose/reward-item.js";
export {
  type RewardServer,
  type ServerLogger,
  type ServerSurroundings,
  startRewardServer,
} from "./server/server-node.js";
export { type ServerOptions, serverOptionsSchema } from "./server/server-options.js";
export { openApiDocument } from "./server/wire/openapi.js";
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
} from "./server/wire/wire.js";
