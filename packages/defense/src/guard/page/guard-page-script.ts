/** The page's program, as text: it runs in the reader's browser, so it is not compiled with the package. Texts are set as text, never as HTML. */
export const GUARD_PAGE_SCRIPT = `
(() => {
"use strict";
const params = new URLSearchParams(location.search);
let token = params.get("token");
try { if (token) sessionStorage.setItem("guard-token", token); else token = sessionStorage.getItem("guard-token"); } catch { /* no storage: a reload asks again */ }
// The token stays out of the history and of pictures of the address bar.
if (params.has("token")) history.replaceState(null, "", location.pathname);
const byId = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const el = (tag, text, kind) => { const node = document.createElement(tag); if (text !== undefined) node.textContent = text; if (kind) node.className = kind; return node; };
const shape = (tag, attributes, text) => { const node = document.createElementNS(SVG, tag); for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value)); if (text !== undefined) node.textContent = text; return node; };
const number = (value, digits) => value === null || value === undefined ? "" : value.toFixed(digits);
const TONES = { allow: "ok", refuse: "bad", warn: "warn", route: "warn", "not-assessed": "", "failed-open": "bad", "failed-closed": "bad", unreadable: "warn" };
const WORDS = { allow: "let through", refuse: "refused", warn: "marked", route: "sent elsewhere", "not-assessed": "no video: let through", "failed-open": "guard failed: let through", "failed-closed": "guard failed: refused", unreadable: "unreadable: refused" };
let events = [];
function chart(id, label, points, lines, marks) {
  const W = Math.max(300, byId(id).clientWidth - 12), H = 190, L = 52, R = 12, T = 12, B = 24;
  const svg = shape("svg", { viewBox: "0 0 " + W + " " + H, role: "img", "aria-label": label });
  const ys = points.map((p) => p.y).concat(lines.map((l) => l.y));
  if (points.length === 0) { byId(id).replaceChildren(el("p", "Nothing yet.", "muted")); return; }
  let low = Math.min(...ys), high = Math.max(...ys);
  if (high - low < 1e-9) { low -= 1; high += 1; }
  const pad = (high - low) * 0.06; low -= pad; high += pad;
  const x0 = points[0].x, x1 = points[points.length - 1].x;
  const X = (x) => L + (x1 === x0 ? 0.5 : (x - x0) / (x1 - x0)) * (W - L - R);
  const Y = (y) => T + (1 - (y - low) / (high - low)) * (H - T - B);
  for (const share of [0, 0.5, 1]) { const y = low + share * (high - low); svg.append(shape("line", { x1: L, x2: W - R, y1: Y(y), y2: Y(y), class: "grid" }), shape("text", { x: 4, y: Y(y) + 4 }, y.toFixed(1))); }
  for (const { y, text } of lines) svg.append(shape("line", { x1: L, x2: W - R, y1: Y(y), y2: Y(y), class: "limit" }), shape("text", { x: W - R - 4, y: Y(y) - 4, "text-anchor": "end" }, text));
  if (marks === "line") svg.append(shape("polyline", { class: "line", points: points.map((p) => X(p.x).toFixed(1) + "," + Y(p.y).toFixed(1)).join(" ") }));
  else for (const p of points) { const dot = shape("circle", { cx: X(p.x), cy: Y(p.y), r: 4, class: p.raised ? "dot raised" : "dot" }); dot.append(shape("title", {}, p.title)); svg.append(dot); }
  svg.append(shape("text", { x: L, y: H - 6 }, String(x0)), shape("text", { x: W - R, y: H - 6, "text-anchor": "end" }, String(x1)));
  byId(id).replaceChildren(svg);
}
function draw({ guard, history }) {
  const { drift, requests } = guard;
  const threshold = guard.alarm_above;
  const state = byId("state");
  state.textContent = drift.drifted ? "drift alarm: the promise is void" : guard.ready ? "promise holds, as far as known" : "the model is being started";
  state.className = "badge " + (drift.drifted ? "bad" : guard.ready ? "ok" : "warn");
  byId("promise").textContent = guard.promise + " Mode: " + guard.mode + "; when the guard fails: " + (guard.on_failure === "open" ? "requests pass unassessed" : "requests are refused") + ".";
  const times = events.map((e) => e.guardMilliseconds).sort((a, b) => a - b);
  const total = Object.values(requests).reduce((a, b) => a + b, 0);
  const cards = [["chat requests", total, ""]].concat(Object.entries(requests).filter(([name, count]) => count > 0 || name === "allow" || name === guard.mode).map(([name, count]) => [WORDS[name], count, TONES[name]]));
  cards.push(["ms of the guard, median", times.length ? times[Math.floor(times.length / 2)].toFixed(0) : "–", ""]);
  byId("counts").replaceChildren(...cards.map(([label, value, tone]) => { const card = el("div", undefined, "card"); card.append(el("b", String(value), tone), el("span", label, "muted")); return card; }));
  const scored = events.filter((e) => e.score !== null);
  chart("scores", "scores of the latest requests", scored.map((e) => ({ x: e.number, y: e.score, raised: e.score > threshold, title: "request " + e.number + ": " + WORDS[e.verdict] + ", score " + e.score.toFixed(3) })), [{ y: threshold, text: "alarm above " + threshold.toFixed(2) }], "dots");
  byId("drift").textContent = drift.observed + " scores tested. Evidence that live requests differ from the calibration's: e to the power of " + drift.log_evidence.toFixed(2) + "; the alarm is raised at " + drift.alarm_at_log_evidence.toFixed(2) + " (at most " + (100 * drift.false_alarm_rate) + " % of guards ever raise it while nothing drifts). In simulations, " + drift.sensitivity.shift + " was found within " + drift.sensitivity.within + " requests.";
  chart("evidence", "evidence of the drift test", history.map(([x, y]) => ({ x, y })), [{ y: drift.alarm_at_log_evidence, text: "alarm" }], "line");
  byId("events").replaceChildren(...events.slice(-50).reverse().map((e) => { const row = el("tr"); row.append(el("td", new Date(e.at).toLocaleTimeString()), el("td", WORDS[e.verdict], TONES[e.verdict]), el("td", number(e.visual, 3)), el("td", number(e.textual, 3)), el("td", e.tier || ""), el("td", e.turns ? String(e.turns) + (e.cachedTurns ? " (" + e.cachedTurns + " known)" : "") : ""), el("td", number(e.guardMilliseconds, 0))); return row; }));
  byId("calibrated").textContent = JSON.stringify(guard.calibrated_on, null, 1);
}
async function refresh() {
  try {
    const after = events.length ? events[events.length - 1].number : 0;
    const response = await fetch("guard/live?after=" + after, { headers: { "x-guard-token": token || "" } });
    if (!response.ok) throw new Error((await response.json()).error.message);
    const live = await response.json();
    events = events.concat(live.events).slice(-400);
    draw(live);
  } catch (error) {
    const state = byId("state");
    state.textContent = "cannot be read: " + error.message;
    state.className = "badge bad";
  }
  setTimeout(refresh, document.hidden ? 10000 : 1500);
}
refresh();
})();
`;
