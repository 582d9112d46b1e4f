// A marked term shows what it means: pointed at, focused or tapped. Escape, or a tap elsewhere,
// hides it. Plain script: modules can't load from file://.
(() => {
  "use strict";
  const GAP = 4; // pixels
  let shown = null;
  let leaving = 0;
  let pressed = false; // on an explanation: the term loses the focus, but not its explanation
  const meaning = (term) => document.getElementById(term.getAttribute("aria-describedby"));
  const termOf = (event) => event.target.closest?.("[data-term]");
  const inside = (event) => termOf(event) || event.target.closest?.(".tip");

  function hide() {
    clearTimeout(leaving);
    if (shown) delete meaning(shown).dataset.open;
    shown = null;
  }

  function show(term) {
    if (shown !== term) hide();
    clearTimeout(leaving);
    shown = term;
    const tip = meaning(term);
    tip.dataset.open = "yes";
    const word = term.getClientRects()[0]; // the beginning of a term that breaks over two lines
    const page = document.documentElement.clientWidth;
    const left = Math.max(2 * GAP, Math.min(word.left, page - tip.offsetWidth - 2 * GAP));
    const above = word.top - tip.offsetHeight - GAP;
    const fits = word.bottom + GAP + tip.offsetHeight <= innerHeight;
    const top = fits || above < 0 ? word.bottom + GAP : above;
    Object.assign(tip.style, { left: `${left + scrollX}px`, top: `${top + scrollY}px` });
  }

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse") return;
    const term = termOf(event);
    if (term) show(term);
    else if (inside(event)) clearTimeout(leaving);
    else if (shown && shown !== document.activeElement) {
      clearTimeout(leaving);
      leaving = setTimeout(hide, 250); // time to move onto the explanation
    }
  });
  document.addEventListener("pointerdown", (event) => {
    pressed = Boolean(inside(event));
    if (!pressed) hide();
  });
  document.addEventListener("click", (event) => { if (termOf(event)) show(termOf(event)); });
  document.addEventListener("focusin", (event) => { if (termOf(event)) show(termOf(event)); });
  document.addEventListener("focusout", (event) => { if (termOf(event) && !pressed) hide(); });
  document.addEventListener("keydown", (event) => {
    pressed = false;
    if (event.key === "Escape") hide();
    if (!termOf(event) || !["Enter", " "].includes(event.key)) return;
    event.preventDefault();
    show(termOf(event));
  });
  addEventListener("resize", hide);
})();
