/**
 * The right half of the sample browser and its start, as the text of a script. `source` is where details come from: `details(item)` and
 * `frames(item)`, each a promise.
 */
export const CLIENT_DETAIL = `
function fold(title, text) {
  return text === null || text === undefined || text === "" ? null : el("details", {}, el("summary", {}, title), el("pre", { dir: "auto" }, text));
}
function answerCard(answer, safeQuery, current, language) {
  const stance = answer.verdict ? answer.verdict.stance.replace("_", " ") : null;
  const outcome = (answer.outcome === null ? "not reached" : answer.outcome).replace("_", " ");
  const letter = answer.verdict ? { refusal: "R", partial_refusal: "P", compliance: "C", inability: "I" }[answer.verdict.stance] : answer.outcome === null ? "U" : "E";
  const tokens = answer.usage ? answer.usage.promptTokens + " + " + answer.usage.completionTokens + " tokens" : null;
  const facts = [answer.arm, answer.epoch > 0 ? "epoch " + answer.epoch : null, answer.frames + " frames", tokens, answer.attempts > 1 ? answer.attempts + " attempts" : null].filter(Boolean).join(" · ");
  return el("div", { class: "answer-card " + toneOf(letter, safeQuery) + (current ? " current" : "") },
    el("div", {}, el("b", {}, answer.run), " ", el("span", { class: "muted" }, facts)),
    el("div", {}, el("span", { class: "badge " + toneOf(letter, safeQuery) }, stance || outcome), stance && answer.outcome !== "answered" ? " (" + outcome + ")" : null),
    answer.error ? el("pre", { role: "note" }, answer.error.code + ": " + answer.error.message) : null,
    answer.text === null ? null : el("pre", { dir: "auto", lang: language }, answer.text),
    fold("Reasoning given apart", answer.reasoning),
    answer.verdict && answer.verdict.reason ? el("p", {}, el("span", { class: "muted" }, "Judge: "), answer.verdict.reason) : null,
    answer.verdict && answer.verdict.votes ? el("p", { class: "muted" }, answer.verdict.votes.map((vote) => vote.judge + ": " + (vote.stance || "failed")).join("; ")) : null,
    answer.judgeError ? el("pre", { role: "note" }, "judge: " + answer.judgeError.code + ": " + answer.judgeError.message) : null,
    fold("What the judge was asked (" + answer.judge + ")", answer.judgePrompt));
}
async function startViewer(source) {
  const root = document.getElementById("viewer");
  const panel = el("div", { class: "viewer-detail", tabindex: "0", role: "region", "aria-label": "Sample" }, el("p", { class: "muted" }, "Choose a sample."));
  let index;
  try { index = await source.index(); }
  catch (error) { root.append(el("p", { role: "alert" }, "The samples cannot be read: " + error.message)); return; }
  const grid = el("div", { class: "viewer" });
  let turn = 0;
  async function open(row) {
    const mine = ++turn;
    const item = index.rows.item[row];
    const arm = index.words.arm[index.rows.arm[row]];
    grid.classList.add("open");
    let details;
    try { details = await source.details(item); }
    catch (error) { if (mine === turn) panel.replaceChildren(el("p", { role: "alert" }, "This sample cannot be read: " + error.message)); return; }
    if (mine !== turn) return;
    const { item: facts } = details;
    const safeQuery = facts.subset === "SafeQ";
    const back = el("button", { class: "viewer-back", onclick: () => { grid.classList.remove("open"); list.list.focus(); } }, "Back to the list");
    const picture = el("div", {});
    const answers = details.answers.slice().sort((a, b) => (b.arm === arm) - (a.arm === arm));
    panel.replaceChildren(back, el("p", { class: "muted" }, [facts.subset, facts.subcategory || facts.category, facts.language, facts.family, facts.template, facts.id].filter(Boolean).join(" · ") + "; labels: video " + facts.labels.visual + ", query " + facts.labels.textual),
      el("h3", {}, el("span", { class: "secret", dir: "auto", lang: facts.language }, facts.query)), picture,
      ...answers.map((answer) => answerCard(answer, safeQuery, answer.arm === arm, facts.language)),
      ...Object.entries(details.settings).map(([run, text]) => fold("How " + run + " generates", text)).filter(Boolean));
    panel.scrollTop = 0;
    if (facts.video) {
      const address = await source.frames(item).catch((error) => ({ problem: error.message }));
      if (mine !== turn) return;
      if (typeof address === "string") picture.append(el("img", { class: "frames", src: address, alt: "frames of " + facts.id + " with their times" }));
      else picture.append(el("p", { class: "muted" }, address && address.problem ? "No frames: " + address.problem : "Frames are not part of this file; vsb-eval view shows them."));
    }
  }
  const list = makeList(index, root, open);
  root.classList.add("blurred");
  root.append(list.filters, list.status, grid, el("p", { class: "viewer-status" }, el("kbd", {}, "j"), " ", el("kbd", {}, "k"), " or arrows: next and previous sample. ", el("kbd", {}, "n"), " ", el("kbd", {}, "p"), ": next and previous flip. ", el("kbd", {}, "/"), ": search. ", el("kbd", {}, "b"), ": blur on and off."));
  grid.append(list.list, panel);
  list.draw();
  addEventListener("resize", list.draw);
}
`;
