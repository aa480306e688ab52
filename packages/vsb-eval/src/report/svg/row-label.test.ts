import { expect, test } from "vitest";
import { labelRoom, rowLabel } from "./row-label.js";

test("every label of a chart stays inside it", () => {
  for (const length of [0, 1, 18, 27, 38, 39, 200]) {
    const label = "x".repeat(length);
    const room = labelRoom([label, "base"]);
    const shown = /<\/title>([^<]*)<\/text>/.exec(rowLabel(label, room, 10).text)?.[1] ?? "";
    expect(shown.length * 7.5).toBeLessThanOrEqual(room - 12);
    expect(shown.includes("…")).toBe(length > 38);
    expect(rowLabel(label, room, 10).text).toContain(`<title>${label}</title>`);
  }
});
