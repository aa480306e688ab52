export { longFetch } from "./transport/long-fetch-node.js";
