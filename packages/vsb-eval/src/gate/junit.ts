import { escapeHtml } from "../report/html.js";
import type { GateResult } from "./gate.js";

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out.
const NO_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]|\p{Surrogate}/gu;

/** Text for XML 1.0, which has no place for most control characters, not even escaped. */
const xmlText = (text: string): string => escapeHtml(text.replace(NO_XML, "\ufffd"));

/** Gate results as a JUnit XML report: one suite a run, one case a gate. */
export function junitReport(results: readonly GateResult[]): string {
  const runs = [...new Set(results.map(({ run }) => run))];
  const suites = runs.map((run) => {
    const cases = results.filter((result) => result.run === run);
    const failures = cases.filter(({ passed }) => !passed).length;
    const body = cases.map(({ gate, actual, passed, detail }) => {
      const name = `<testcase classname="vsb-eval" name="${xmlText(gate)}"`;
      const message = xmlText(
        `expected ${gate}, found ${actual === null ? "no number" : actual.toFixed(4)} (${detail})`,
      );
      return passed ? `    ${name}/>` : `    ${name}><failure message="${message}"/></testcase>`;
    });
    return `  <testsuite name="${xmlText(run)}" tests="${cases.length}" failures="${failures}">\n${body.join("\n")}\n  </testsuite>`;
  });
  const failed = results.filter(({ passed }) => !passed).length;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites tests="${results.length}" failures="${failed}">\n${suites.join("\n")}\n</testsuites>\n`;
}
