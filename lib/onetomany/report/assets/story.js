// A simulated track told by scrolling: the links are shown once the reader has guessed, each on the
// plan as it comes into view. Plain script: modules can't load from file://.
(() => {
  "use strict";

  function prepare(story) {
    const [form, told] = [story.querySelector("form"), story.querySelector(".told")];
    const [range, output] = [form.querySelector("input"), form.querySelector("output")];
    const steps = [...story.querySelectorAll(".steps li")];
    const drawn = [...story.querySelectorAll("svg [data-step]")];

    // What the record knows up to a step is drawn
    const upTo = (last) => {
      for (const mark of drawn) mark.classList.toggle("ahead", Number(mark.dataset.step) > last);
      for (const step of steps) step.classList.toggle("now", Number(step.dataset.step) === last);
    };
    // A step has come if its head is above the line, however fast the reader got there
    const come = new Set();
    const seen = new IntersectionObserver(
      (entries) => {
        for (const { isIntersecting, target } of entries) {
          come[isIntersecting ? "add" : "delete"](Number(target.dataset.step));
        }
        upTo(Math.max(0, ...come));
      },
      { rootMargin: "1000000px 0px -35% 0px" },
    );

    form.hidden = false;
    told.hidden = true;
    range.addEventListener("input", () => { output.value = range.value; });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      for (const place of story.querySelectorAll("[data-guess]")) place.value = range.value;
      story.querySelector(".yours").hidden = false;
      told.hidden = false;
      upTo(0);
      for (const step of steps) seen.observe(step);
      steps[0].tabIndex = -1;
      steps[0].focus({ preventScroll: true });
      told.scrollIntoView();
    });
    addEventListener("beforeprint", () => {
      told.hidden = false;
      upTo(steps.length);
    });
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(".story").forEach(prepare));
})();
