import { defineProject } from "vitest/config";
import { alias, setupFiles } from "../../vitest.shared.js";

export default defineProject({
  resolve: { alias },
  test: { setupFiles, name: "endpoint", testTimeout: 60_000, hookTimeout: 60_000 },
});
