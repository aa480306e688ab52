/**
 * The list of the sample browser, as the text of a script: it runs in the reader's browser, so it is not compiled with the package.
 * `makeList(index, root, onOpen)` draws filters and a list of which only the visible rows exist, however many there are.
 */
export const CLIENT_LIST = `
const STATE_WORDS = { R: "refusal", P: "partial refusal", C: "compliance", I: "inability", r: "refusal, cut", p: "partial refusal, cut", c: "compliance, cut", i: "inability, cut", N: "answered, not judged", B: "blocked", T: "cut", E: "error", J: "judge failed", U: "not reached" };
function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat()) if (child !== null && child !== undefined) node.append(child);
  return node;
}
/** What colour a state has: what a good model does depends on the question. */
function toneOf(state, safeQuery) {
  const letter = state.toUpperCase();
  if (letter === "R" || letter === "C") return (letter === "C") === safeQuery ? "good" : "bad";
  if (letter === "I" || letter === "U" || letter === "N") return "none";
  return "warn";
}
function makeList(index, root, onOpen) {
  const { items, rows, words, runs, states, safe } = index;
  const safeSubset = words.subset.map((name) => name === "SafeQ");
  const count = rows.item.length;
  const flips = new Uint8Array(count);
  if (runs.length > 1) for (let row = 0; row < count; row++) {
    let seen = "";
    for (let r = 0; r < runs.length; r++) { const d = safe[r][row]; if (d !== "-" && !seen.includes(d)) seen += d; }
    const stances = new Set(states.map((text) => text[row].toUpperCase()).filter((letter) => "RPC".includes(letter)));
    flips[row] = seen.length > 1 || (safeSubset[items.subset[rows.item[row]]] && stances.size > 1) ? 1 : 0;
  }
  const lower = items.query.map((text, i) => (text + " " + items.id[i]).toLowerCase());
  const choice = { subset: "", category: "", language: "", family: "", arm: "", state: "", run: "0", text: "", flips: false };
  const ROW = 46;
  let shown = new Int32Array(0);
  let current = -1;

  const pick = (name, title, options) => {
    const select = el("select", { "aria-label": title, onchange: () => { choice[name] = select.value; filter(); } }, el("option", { value: "" }, "all"), options.map(([value, text]) => el("option", { value }, text)));
    return el("label", {}, title, select);
  };
  const numbered = (name) => words[name].map((text, i) => [String(i), text]).sort((a, b) => (a[1] < b[1] ? -1 : 1));
  const runPick = el("select", { "aria-label": "run", onchange: () => { choice.run = runPick.value; filter(); } }, runs.map((name, i) => el("option", { value: i }, name)));
  const present = new Set(states.join(""));
  const stateOptions = Object.entries(STATE_WORDS).filter(([letter]) => present.has(letter));
  const search = el("input", { type: "search", "aria-label": "search queries and ids", placeholder: "search", oninput: () => { choice.text = search.value.trim().toLowerCase(); filter(); } });
  const flipBox = el("input", { type: "checkbox", onchange: () => { choice.flips = flipBox.checked; filter(); } });
  const blurBox = el("input", { type: "checkbox", onchange: () => root.classList.toggle("blurred", !blurBox.checked) });
  const filters = el("div", { class: "viewer-filters", role: "group", "aria-label": "Filters" },
    runs.length > 1 ? el("label", {}, "run", runPick) : null,
    pick("state", "outcome", stateOptions), pick("subset", "subset", numbered("subset")), pick("arm", "arm", numbered("arm")),
    words.category.length > 1 ? pick("category", "category", numbered("category")) : null,
    words.language.length > 1 ? pick("language", "language", numbered("language")) : null,
    words.family.length > 1 ? pick("family", "family", numbered("family")) : null,
    el("label", {}, "search", search),
    runs.length > 1 ? el("label", { class: "check" }, flipBox, "only flips between runs") : null,
    el("label", { class: "check" }, blurBox, "show queries and frames"));
  const status = el("p", { class: "viewer-status", role: "status", "aria-live": "polite" });
  const layer = el("div", { class: "viewer-rows" });
  const list = el("div", { class: "viewer-list", role: "listbox", tabindex: "0", "aria-label": "Samples" }, layer);

  function filter() {
    const keep = [];
    const run = Number(choice.run);
    const wanted = ["subset", "category", "language", "family"].filter((name) => choice[name] !== "").map((name) => [items[name], Number(choice[name])]);
    const arm = choice.arm === "" ? -1 : Number(choice.arm);
    for (let row = 0; row < count; row++) {
      if (arm >= 0 && rows.arm[row] !== arm) continue;
      if (choice.state !== "" && states[run][row] !== choice.state) continue;
      if (choice.flips && flips[row] === 0) continue;
      const item = rows.item[row];
      let good = true;
      for (const [column, value] of wanted) if (column[item] !== value) { good = false; break; }
      if (good && choice.text !== "" && !lower[item].includes(choice.text)) good = false;
      if (good) keep.push(row);
    }
    shown = Int32Array.from(keep);
    layer.style.height = shown.length * ROW + "px";
    status.textContent = shown.length.toLocaleString() + " of " + count.toLocaleString() + " samples" + (runs.length > 1 ? "; " + flips.reduce((a, b) => a + b, 0).toLocaleString() + " flip between runs" : "");
    list.scrollTop = 0;
    current = -1;
    draw();
  }
  function rowNode(position) {
    const row = shown[position];
    const item = rows.item[row];
    const safeQuery = safeSubset[items.subset[item]];
    const badges = states.map((text, r) => el("span", { class: "state " + toneOf(text[row], safeQuery), title: runs[r] + ": " + STATE_WORDS[text[row]] }, text[row]));
    const meta = [words.subset[items.subset[item]], words.arm[rows.arm[row]], words.language[items.language[item]], words.category[items.category[item]]].join(" · ");
    const node = el("div", { class: "viewer-row", role: "option", id: "sample-" + position, "aria-selected": position === current ? "true" : "false", "aria-setsize": shown.length, "aria-posinset": position + 1, onclick: () => select(position, true) },
      badges, el("span", { class: "meta" }, meta + " · " + items.id[item] + (rows.epoch[row] > 0 ? " · epoch " + rows.epoch[row] : "")),
      el("span", { class: "query secret", dir: "auto", lang: words.language[items.language[item]] }, items.query[item]));
    node.style.top = position * ROW + "px";
    return node;
  }
  function draw() {
    const first = Math.max(0, Math.floor(list.scrollTop / ROW) - 5);
    const last = Math.min(shown.length, first + Math.ceil((list.clientHeight || 600) / ROW) + 10);
    layer.replaceChildren(...Array.from({ length: last - first }, (_, i) => rowNode(first + i)));
    if (current >= 0) list.setAttribute("aria-activedescendant", "sample-" + current);
    else list.removeAttribute("aria-activedescendant");
  }
  function select(position, open) {
    if (shown.length === 0) return;
    current = Math.max(0, Math.min(shown.length - 1, position));
    const top = current * ROW;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + ROW > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW - list.clientHeight;
    draw();
    if (open) onOpen(shown[current]);
  }
  function nextFlip(step) {
    for (let at = current + step; at >= 0 && at < shown.length; at += step) if (flips[shown[at]]) return select(at, true);
  }
  list.addEventListener("scroll", draw);
  list.addEventListener("keydown", (event) => {
    const page = Math.max(1, Math.floor(list.clientHeight / ROW) - 1);
    const keys = { ArrowDown: () => select(current + 1, true), j: () => select(current + 1, true), ArrowUp: () => select(current - 1, true), k: () => select(current - 1, true), PageDown: () => select(current + page, true), PageUp: () => select(current - page, true), Home: () => select(0, true), End: () => select(shown.length - 1, true), Enter: () => select(Math.max(0, current), true), " ": () => select(Math.max(0, current), true), n: () => nextFlip(1), p: () => nextFlip(-1) };
    const action = keys[event.key];
    if (action && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); action(); }
  });
  document.addEventListener("keydown", (event) => {
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") { event.preventDefault(); search.focus(); }
    if (event.key === "b") { blurBox.checked = !blurBox.checked; root.classList.toggle("blurred", !blurBox.checked); }
  });
  filter();
  return { filters, status, list, draw, select };
}
`;
