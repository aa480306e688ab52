export {
  createProgress,
  duration,
  type Progress,
  type Terminal,
  visible,
  visibleTerminal,
} from "./cli/terminal.js";
export { escapeHtml, Html, type HtmlPart, html, raw } from "./report/html.js";
export { REPORT_STYLE } from "./report/report-style.js";
