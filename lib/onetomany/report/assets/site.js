// The language switch, and the charts. Plain script: modules can't load from file://.
(() => {
  "use strict";
  const root = document.documentElement;
  const LANGUAGES = ["both", "en", "ko"];

  // Storage may be refused on file://, so internal links carry the language in their hash too
  const stored = {
    get: () => { try { return localStorage.getItem("language"); } catch { return null; } },
    set: (value) => { try { localStorage.setItem("language", value); } catch { /* hash it is */ } },
  };
  const asked = () => {
    const inHash = /^#lang=(\w+)/.exec(location.hash);
    const language = inHash ? inHash[1] : stored.get();
    return LANGUAGES.includes(language) ? language : "both";
  };

  function show(language) {
    root.dataset.show = language;
    root.lang = language === "ko" ? "ko" : "en";
    for (const button of document.querySelectorAll("[data-set]")) {
      button.setAttribute("aria-pressed", String(button.dataset.set === language));
    }
    for (const link of document.querySelectorAll("a[data-page]")) {
      link.hash = language === "both" ? "" : `lang=${language}`;
    }
    // the table of contents leads to headings that are shown
    for (const link of document.querySelectorAll("a[data-part]")) {
      link.dataset.en ??= link.hash;
      link.hash = language === "ko" && link.dataset.part ? link.dataset.part : link.dataset.en;
    }
  }
  root.dataset.show = asked(); // before the first paint

  // A chart wider than its room is drawn narrower, its title broken into lines; letters keep
  // their size. Concatenated and faceted charts stay as they are and scroll in their box.
  const pen = document.createElement("canvas").getContext("2d");
  function wrapped(text, size, room) {
    pen.font = `${size}px "Noto Sans KR", sans-serif`;
    const lines = [];
    for (const line of [text].flat()) {
      let current = "";
      for (const word of String(line).split(" ")) {
        const longer = current ? `${current} ${word}` : word;
        if (current && pen.measureText(longer).width > room) {
          lines.push(current);
          current = word;
        } else current = longer;
      }
      lines.push(current);
    }
    return lines;
  }

  function narrowed(spec, room) {
    const config = spec.config ?? {};
    const title = typeof spec.title === "string" ? { text: spec.title } : { ...spec.title };
    const look = { ...config.title, ...title };
    const size = look.fontSize ?? 13;
    if (title.text) Object.assign(title, { text: wrapped(title.text, size, room * 0.92), lineHeight: size * 1.3 });
    if (title.subtitle) title.subtitle = wrapped(title.subtitle, look.subtitleFontSize ?? 11, room * 0.96);
    const legend = { ...config.legend, orient: "bottom", direction: "vertical", columns: 1, labelFontSize: 10.5 };
    return { ...spec, ...(title.text ? { title } : {}), config: { ...config, legend } };
  }

  // A chart carries its data: it loads nothing, and leads to web and mail addresses alone
  const refuse = async () => { throw new Error("a chart may load nothing"); };
  const loader = {
    load: refuse,
    http: refuse,
    file: refuse,
    sanitize: async (uri, { context }) =>
      (context === "href" && /^(https?:\/\/|mailto:|#)/i.test(uri) ? { href: uri, rel: "noreferrer" } : {}),
  };

  async function draw(script) {
    const id = script.dataset.chart;
    const target = document.getElementById(id);
    const figure = target.closest("figure");
    const box = getComputedStyle(figure);
    const room = figure.parentElement.clientWidth - parseFloat(box.paddingLeft) - parseFloat(box.paddingRight) - 2;
    const spec = JSON.parse(script.textContent);
    const natural = spec.width ?? spec.config?.view?.continuousWidth ?? 300;
    const split = ["row", "column", "facet"].some((k) => spec.encoding && k in spec.encoding);
    const elastic = ("mark" in spec || "layer" in spec) && !split && typeof natural === "number";
    const tight = elastic && natural + 60 > room;
    try {
      const { view } = await window.vegaEmbed(target, tight ? narrowed(spec, room) : spec, {
        mode: "vega-lite",
        renderer: "svg",
        ast: true, // expressions are interpreted: the page's policy forbids to evaluate text
        loader,
        defaultStyle: false, // in vega.css, as is that of tooltips
        forceActionsMenu: true,
        tooltip: { disableDefaultStyle: true },
        actions: { export: { png: true, svg: true }, source: false, compiled: false, editor: false },
        downloadFileName: id,
        scaleFactor: { png: 2 },
        i18n: {
          PNG_ACTION: "Save as PNG 저장",
          SVG_ACTION: "Save as SVG 저장",
          CLICK_TO_VIEW_ACTIONS: "Save this chart 그림 저장",
        },
      });
      // the menu is a picture of three dots: named for those who don't see it
      target.querySelector("summary")?.setAttribute("aria-label", "Save this chart 그림 저장");
      const over = target.querySelector("svg.marks").width.baseVal.value - room;
      // long names on the left may leave less room than the plot alone would need
      if (elastic && over > 0) await view.width(Math.max(180, natural - over)).runAsync();
      target.dataset.drawn = "yes";
    } catch (error) {
      target.textContent = `This chart could not be drawn 그림을 그리지 못했습니다: ${error.message}`;
      console.error(id, error);
    }
  }

  document.addEventListener("DOMContentLoaded", async () => {
    const control = document.querySelector(".switch");
    control.hidden = false;
    control.addEventListener("click", (event) => {
      const language = event.target.dataset.set;
      if (!language) return;
      stored.set(language);
      if (/^#lang=/.test(location.hash)) location.replace(`#lang=${language}`);
      show(language);
    });
    show(asked());
    // Vega measures its labels once: the letters must be there first
    await document.fonts.load('16px "Noto Sans KR"', "A한");
    for (const script of document.querySelectorAll("script[data-chart]")) await draw(script);
  });
})();
