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
    return LANGUAGES.includes(language) ? language : preferred();
  };
  // On the first visit: whichever of the two the reader's browser lists first, else English
  const preferred = () => {
    const listed = (navigator.languages ?? [navigator.language]).map((tag) => String(tag).slice(0, 2));
    return listed.find((tag) => tag === "ko" || tag === "en") ?? "en";
  };

  function show(language) {
    root.dataset.show = language;
    root.lang = language === "ko" ? "ko" : "en";
    for (const button of document.querySelectorAll("[data-set]")) {
      button.setAttribute("aria-pressed", String(button.dataset.set === language));
    }
    for (const link of document.querySelectorAll("a[data-page]")) {
      link.hash = `lang=${language}`;
    }
    // the table of contents leads to headings that are shown
    for (const link of document.querySelectorAll("a[data-part]")) {
      link.dataset.en ??= link.hash;
      link.hash = language === "ko" && link.dataset.part ? link.dataset.part : link.dataset.en;
    }
  }
  root.dataset.show = asked(); // before the first paint

  // --- One language in a chart. charts/languages.py has marked where the parts of its texts begin:
  // English, what "both" shows after it, and Korean if that is written otherwise
  const PAIR = /\u2061([^\u2062]*)\u2062([^\u2063]*)\u2063([^\u2064]*)\u2064/g;
  const EXPRESSIONS = new Set(["calculate", "filter", "expr", "test", "labelExpr", "signal", "update"]);
  const HANGUL = /[ㄱ-ㆎ가-힣]/;
  const BEFORE_KOREAN = "regexp(' (?=[가-힣])')"; // where axes break a name in both languages in two

  const chosen = (text, language) => text.replace(PAIR, (_, english, tail, korean) => {
    if (language === "both") return english + tail;
    return language === "en" ? english : korean || tail.replace(/^[ \n|·]+/, "");
  });

  // Tooltips or layers of text that show a column in each language: only the one that is shown
  const TWINS = { tooltip: (tip) => tip.field, layer: (part) => part.encoding?.text?.field };
  function untwinned(listed, columnOf, language) {
    const fields = new Set(listed.map(columnOf));
    const bare = (field) => field.replace(/_(en|ko)$/, "");
    const twin = (field) => field && (field.endsWith("_ko")
      ? fields.has(bare(field)) || fields.has(`${bare(field)}_en`) : fields.has(`${bare(field)}_ko`));
    return listed.filter((part) => !twin(columnOf(part)) || columnOf(part).endsWith("_ko") === (language === "ko"));
  }

  // Lines of a title: those in the one language under those in the other
  function titleLines(lines, language) {
    const korean = (line) => HANGUL.test(line) && !line.includes("\u2061");
    if (!lines.some(korean) || lines.every(korean)) return lines;
    return lines.filter((line) => line.includes("\u2061") || korean(line) === (language === "ko"));
  }

  function spoken(item, language, key = "") {
    if (Array.isArray(item)) {
      let listed = item;
      if (language !== "both" && TWINS[key]) listed = untwinned(item, TWINS[key], language);
      if (language !== "both" && key === "title") listed = titleLines(item, language);
      return listed.map((each) => spoken(each, language, key));
    }
    if (item && typeof item === "object") {
      return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, spoken(value, language, name)]));
    }
    if (typeof item !== "string") return item;
    const text = chosen(item, language);
    return EXPRESSIONS.has(key) && language !== "both" ? text.replaceAll(BEFORE_KOREAN, "regexp('$.')") : text;
  }

  function inLanguage(spec, language) {
    const said = spoken(spec, language);
    const { title } = said;
    if (language === "both" || !Array.isArray(title?.subtitle) || !HANGUL.test(title.subtitle[0])) return said;
    const [korean, ...rest] = title.subtitle; // theme.finish: the title in Korean is its first line
    said.title = { ...title, text: language === "ko" ? korean : title.text, subtitle: rest };
    return said;
  }

  // What a reader has chosen stays chosen when the language changes; menus list the same in either
  function withChoices(spec, before) {
    if (!before) return spec;
    const params = (spec.params ?? []).map((param, i) => {
      if (!param.bind) return param;
      const value = before.view.signal(param.name);
      const at = before.spec.params[i].bind.options?.indexOf(value) ?? -1;
      return { ...param, value: at < 0 ? value : param.bind.options[at] };
    });
    return { ...spec, ...(params.length ? { params } : {}) };
  }

  // A slider says what its step stands for: the signal NAME_caption, if the chart has one
  function captions(target, view, params) {
    for (const { name } of params) {
      const said = params.some((param) => param.name === `${name}_caption`);
      const input = said && target.querySelector(`input[name="${name}"]`);
      if (!input) continue;
      const output = document.createElement("output");
      input.nextElementSibling.replaceWith(output);
      const tell = () => {
        output.textContent = view.signal(`${name}_caption`);
        input.setAttribute("aria-valuetext", output.textContent);
      };
      view.addSignalListener(`${name}_caption`, tell);
      tell();
    }
  }

  // A chart wider than its room is drawn again for it: what is side by side goes one under another,
  // plots get narrower, titles break into lines; letters keep their size.
  const pen = document.createElement("canvas").getContext("2d");
  function wrapped(text, size, room, weight = 400) {
    pen.font = `${weight} ${size}px "Noto Sans KR", sans-serif`;
    const lines = [];
    for (const line of [text].flat()) {
      let current = "";
      for (const word of String(line).split(/ (?!%)/)) { // a number keeps its sign
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

  const LEAST = 100; // pixels of a plot; below it a chart is scaled down instead

  function brokenTitle(given, config, room) {
    const title = typeof given === "string" || Array.isArray(given) ? { text: given } : { ...given };
    const look = { ...config?.title, ...title };
    const size = look.fontSize ?? 13;
    if (title.text) Object.assign(title, { text: wrapped(title.text, size, room * 0.97, look.fontWeight ?? 700), lineHeight: size * 1.3 });
    if (title.subtitle) title.subtitle = wrapped(title.subtitle, look.subtitleFontSize ?? 11, room * 0.96);
    return title;
  }

  // Breaks a label into lines of about so many letters, at its blanks
  const BLANKS = (letters) => `([^\\n|]{1,${letters}})(?:[ \\n|]+|$)`;
  const brokenLabel = (letters) =>
    `split(replace(replace(datum.label, regexp('${BLANKS(letters)}', 'g'), '$1\\n'), regexp('\\n$'), ''), '\\n')`;
  const linesOf = (name, letters) =>
    name.replace(new RegExp(BLANKS(letters), "g"), "$1\n").replace(/\n$/, "").split("\n").length;

  // A legend under its plot, one entry a line, whatever place it had beside or above; it begins
  // where the plot does, so that long entries break
  const upright = (legend, room, width) => ({
    ...legend, orient: "bottom", direction: "vertical", columns: 1, labelFontSize: 10.5,
    labelLimit: room - 40, titleLimit: room, offset: 8, legendX: undefined, legendY: undefined,
    ...(legend?.labelExpr ? {} : { labelExpr: brokenLabel(Math.max(18, Math.floor((width - 20) / 6))) }),
  });

  // Names along an upright axis break into lines; how many the longest one takes
  const NAMES = { size: 12, share: 0.38, line: 14 };
  function brokenNames(axis, field, room, names) {
    pen.font = `${NAMES.size}px "Noto Sans KR", sans-serif`;
    const listed = names(field);
    const widest = Math.max(0, ...listed.map((name) => pen.measureText(name).width));
    if (widest <= room * NAMES.share) return null;
    const longest = listed.find((name) => pen.measureText(name).width === widest);
    // a very long name would take too many lines: it may be a little wider
    const letters = Math.max(8, Math.floor((longest.length * room * NAMES.share) / widest), Math.ceil(longest.length / 4) + 2);
    return {
      axis: { ...axis, labelExpr: brokenLabel(letters), labelLimit: room * 0.55 },
      least: Math.max(...listed.map((name) => linesOf(name, letters))) * NAMES.line + 5,
      count: listed.length,
    };
  }

  // All names of a column in a chart's data, by the field's name
  function namesIn(spec) {
    const rows = Object.values(spec.datasets ?? {}).flat();
    return (field) => [...new Set(rows.map((row) => row?.[field]).filter((value) => typeof value === "string"))];
  }

  const namedAxis = (part) => {
    const y = part.encoding?.y;
    return y?.field && y.axis !== null ? y : part.layer?.map(namedAxis).find(Boolean);
  };
  function withBrokenNames(part, room, names) {
    const y = namedAxis(part);
    if (!y?.field || y.axis === null || !["nominal", "ordinal"].includes(y.type)) return part;
    const found = brokenNames(y.axis, y.field, room, names);
    if (!found) return part;
    const give = (one) => ({
      ...one,
      ...(one.encoding?.y?.field === y.field && one.encoding.y.axis !== null
        ? { encoding: { ...one.encoding, y: { ...one.encoding.y, axis: { ...one.encoding.y.axis, ...found.axis } } } } : {}),
      ...(one.layer ? { layer: one.layer.map(give) } : {}),
    });
    const step = part.height?.step;
    const height = step ? { step: Math.max(step, found.least) }
      : typeof part.height === "number" ? Math.max(part.height, found.least * found.count) : part.height;
    return { ...give(part), ...(height ? { height } : {}) };
  }

  function narrowEncoding(encoding, width, room) {
    const channels = Object.entries(encoding).map(([name, channel]) => {
      const said = channel?.axis?.title ?? channel?.title;
      if (name === "x" && said) {
        const title = wrapped(said, 12, width + 30);
        return [name, { ...channel, title, ...(channel.axis ? { axis: { ...channel.axis, title } } : {}) }];
      }
      // a legend by default is one too: its labels can't be broken by the chart's configuration
      const byDefault = name === "color" && channel?.field && channel.legend === undefined
        && channel.scale !== null && ["nominal", "ordinal"].includes(channel.type);
      if (channel?.legend || byDefault) return [name, { ...channel, legend: upright(channel.legend, room, width) }];
      if (name === "facet") return [name, { ...channel, columns: 1 }];
      return [name === "column" ? "row" : name, channel];
    });
    return Object.fromEntries(channels);
  }

  // Names along a shared axis are drawn by the first of several plots side by side; each one needs
  // them once they are under one another
  function withNames(part, beside) {
    const axis = (one) => one.encoding?.y ?? one.layer?.map(axis).find((y) => y?.field);
    const own = axis(part);
    const bare = (y) => y?.axis === null || y?.axis?.labels === false;
    const named = beside.map(axis).find((y) => y && !bare(y) && y.field === own?.field);
    if (!bare(own) || !named) return part;
    const give = (one) => ({
      ...one,
      ...(bare(one.encoding?.y) ? { encoding: { ...one.encoding, y: { ...one.encoding.y, axis: named.axis } } } : {}),
      ...(one.layer ? { layer: one.layer.map(give) } : {}),
    });
    return give(part);
  }

  // Texts past the end of a plot, at a place fixed in pixels, move inside it and up; if a chart is
  // still too wide, those at the end of a bar move above it, to where it begins
  let raised = false;
  function movedIn(part, before, width) {
    const mark = typeof part.mark === "string" ? { type: part.mark } : part.mark;
    if (raised && mark?.type === "text" && mark.align === "left" && part.encoding.x?.type === "quantitative") {
      return { ...part, mark: { ...mark, dx: 3, dy: -14 }, encoding: { ...part.encoding, x: { value: 0 } } };
    }
    if (mark?.type !== "text" || !(part.encoding.x?.value >= before)) return part;
    const up = mark.align === "right" ? mark.dy ?? 0 : -11;
    return { ...part, mark: { ...mark, align: "right", dx: 0, dy: up }, encoding: { ...part.encoding, x: { value: width } } };
  }

  function narrowed(given, width, room, config = given.config, names = namesIn(given)) {
    const { hconcat, concat, columns, bounds, ...rest } = withBrokenNames(given, room, names);
    if (rest.title) rest.title = brokenTitle(rest.title, config, room);
    if (rest.config) {
      const layout = { bottom: { direction: "vertical", anchor: "start", margin: 4 } };
      rest.config = { ...config, legend: { ...upright(config.legend, room, width), layout } };
    }
    if (rest.encoding) rest.encoding = narrowEncoding(rest.encoding, width, room);
    const beside = hconcat ?? concat;
    if (beside) return { ...rest, spacing: 24, vconcat: beside.map((part) => narrowed(withNames(part, beside), width, room, config, names)) };
    if (rest.vconcat) return { ...rest, vconcat: rest.vconcat.map((part) => narrowed(part, width, room, config, names)) };
    if (rest.spec) {
      const { column, ...facet } = rest.facet ?? {};
      if (column && !facet.row) rest.facet = { ...facet, row: column };
      return { ...rest, columns: 1, spec: narrowed(rest.spec, width, room, config, names) };
    }
    const within = (part) => {
      const { width: _, ...inner } = part;
      if (inner.layer) return { ...inner, layer: inner.layer.map(within) };
      return inner.encoding ? movedIn({ ...inner, encoding: narrowEncoding(inner.encoding, width, room) }, rest.width, width) : inner;
    };
    if (rest.layer) rest.layer = rest.layer.map(within);
    return { ...rest, width };
  }

  // How wide a chart's plots ask to be, side by side
  function plotWidth(spec) {
    const beside = spec.hconcat ?? (spec.columns > 1 ? spec.concat : undefined);
    if (beside) return beside.reduce((sum, part) => sum + plotWidth(part), 0);
    const parts = spec.vconcat ?? spec.concat ?? spec.layer ?? [];
    const own = typeof spec.width === "number" ? spec.width : 0;
    return Math.max(own, ...parts.map(plotWidth));
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

  // A chart's menus named filter_... show and hide the rows of the page's table that has their tags
  function filterRows(view, names) {
    const body = names.length && document.querySelector("table.filtered tbody");
    if (!body) return;
    const apply = () => {
      const tags = names.map((name) => view.signal(name)).filter(Boolean);
      const rest = body.closest(".presented")?.querySelector("details.rest");
      if (rest) rest.open = rest.open || tags.length > 0; // what matches may lie below the fold
      let group = null; // its heading is shown with its first row
      for (const row of body.rows) {
        if (row.matches(".group")) group = row;
        else row.hidden = !tags.every((tag) => row.classList.contains(tag));
        if (row === group) row.hidden = true;
        else if (group && !row.hidden) group.hidden = false;
      }
    };
    for (const name of names) view.addSignalListener(name, apply);
    apply();
  }

  const NEAR = 400; // pixels below or above the view: charts there are drawn without waiting
  const drawnCharts = new Map(); // of a script: the view and the specification that are shown

  async function draw(script) {
    const language = root.dataset.show;
    const id = script.dataset.chart;
    const target = document.getElementById(id);
    const figure = target.closest("figure");
    const box = getComputedStyle(figure);
    // what is folded has no width yet: it will have that of its fold's surroundings
    const around = figure.closest("details:not([open])")?.parentElement ?? figure.parentElement;
    const room = around.clientWidth - parseFloat(box.paddingLeft) - parseFloat(box.paddingRight) - 2;
    const given = inLanguage(JSON.parse(script.textContent), language);
    const spec = withChoices(given, drawnCharts.get(script));
    const words = (english, korean) => ({ en: english, ko: korean })[language] ?? `${english} ${korean}`;
    if (spec.description) figure.setAttribute("aria-label", spec.description);
    try {
      let view;
      const embed = async (asked) => ({ view } = await window.vegaEmbed(target, asked, {
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
          PNG_ACTION: words("Save as PNG", "PNG로 저장"),
          SVG_ACTION: words("Save as SVG", "SVG로 저장"),
          CLICK_TO_VIEW_ACTIONS: words("Save this chart", "그림 저장"),
        },
      }));
      const picture = () => target.querySelector("svg.marks");
      const wide = plotWidth(spec) > room; // no need to draw it to know
      if (!wide) await embed(spec);
      if (wide || picture().width.baseVal.value > room) {
        // long names on the left may leave less room than the first guess
        const drawnOver = async (width) => {
          await embed(narrowed(spec, width, room));
          return Math.ceil(picture().width.baseVal.value - room - 1);
        };
        let width = room - 60;
        let over = await drawnOver(width);
        for (let tries = 0; tries < 3 && over > 0 && width > LEAST; tries += 1) {
          const less = Math.max(LEAST, width - over - 2);
          const still = await drawnOver(less);
          const stuck = still > over - (width - less) / 2; // what is too wide has a place in pixels
          if (stuck && still >= over) await drawnOver(width);
          else [width, over] = [less, still];
          if (stuck) break;
        }
        if (over > 0) {
          raised = true;
          await drawnOver(Math.max(LEAST, width));
          raised = false;
        }
        // then everything is scaled
        Object.assign(picture().style, { maxWidth: "100%", height: "auto" });
      }
      filterRows(view, (spec.params ?? []).map((each) => each.name).filter((name) => /^filter_/.test(name)));
      // the menu is a picture of three dots: named for those who don't see it
      target.querySelector("summary")?.setAttribute("aria-label", words("Save this chart", "그림 저장"));
      captions(target, view, spec.params ?? []);
      drawnCharts.get(script)?.view.finalize();
      drawnCharts.set(script, { view, spec: given });
      target.dataset.language = language;
      figure.querySelector(".still")?.remove();
      target.dataset.drawn = Math.round(performance.now()); // ms since the page was asked for
    } catch (error) {
      target.textContent = `${words("This chart could not be drawn", "그림을 그리지 못했습니다")}: ${error.message}`;
      console.error(id, error);
    }
  }

  // How many pixels a figure is from the view; a folded one is farther than any other
  function distance(script) {
    const figure = script.closest("figure");
    if (!figure.getClientRects().length) return Infinity;
    const { top, bottom } = figure.getBoundingClientRect();
    return Math.max(top - innerHeight, -bottom, 0);
  }
  const idle = () => new Promise((go) => {
    if (window.requestIdleCallback) requestIdleCallback(go, { timeout: 500 });
    else setTimeout(go, 50);
  });

  // All charts in the language that is shown: those in view at once, then always the nearest, while
  // the browser has nothing else to do. Asked again meanwhile, the rest waits for that
  let asking = 0;
  async function drawAll() {
    asking += 1;
    const mine = asking;
    const waiting = new Set([...document.querySelectorAll("script[data-chart]")]
      .filter((script) => document.getElementById(script.dataset.chart).dataset.language !== root.dataset.show));
    while (waiting.size) {
      let [nearest, away] = [null, Infinity];
      for (const script of waiting) {
        const here = distance(script);
        if (!nearest || here < away) [nearest, away] = [script, here];
      }
      if (away > NEAR) await idle();
      if (mine !== asking) return;
      waiting.delete(nearest);
      await draw(nearest);
    }
  }

  // A page printed before a chart is drawn shows its still, which browsers load for print only
  function addStill(script) {
    const src = `assets/charts/${script.dataset.chart.replace(/^chart-/, "")}.png`;
    const still = Object.assign(document.createElement("img"), { loading: "lazy", className: "still", alt: "" });
    still.src = src; // after loading is lazy
    script.after(still);
  }

  // The line under a chart: its picture as it is shown, in place of the still in both languages
  async function savePicture(event) {
    const script = event.target.closest("figure").querySelector("script[data-chart]");
    const shown = drawnCharts.get(script);
    if (!shown) return;
    event.preventDefault();
    const href = await shown.view.toImageURL("png", 2);
    const name = `${script.dataset.chart}-${root.dataset.show}.png`;
    Object.assign(document.createElement("a"), { href, download: name }).click();
  }

  // The sentence with its citation, in the language that is shown
  async function copy(button) {
    const text = root.dataset.show === "ko" ? button.dataset.copyKo : button.dataset.copy;
    try {
      await navigator.clipboard.writeText(text);
    } catch { // a page that is opened from a folder may not be allowed to
      const field = Object.assign(document.createElement("textarea"), { value: text });
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
    button.dataset.copied = "yes";
  }

  // A link into a folded part opens it; a printed page shows every part
  const unfold = (parts) => { for (const part of parts) part.open = true; };
  const folds = () => document.querySelectorAll("details.expert");
  function unfoldTarget() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const fold = target?.closest("details.expert");
    if (!fold || fold.open) return;
    fold.open = true;
    target.scrollIntoView();
  }
  addEventListener("hashchange", unfoldTarget);
  addEventListener("beforeprint", () => unfold(folds()));

  document.addEventListener("DOMContentLoaded", async () => {
    unfoldTarget();
    const control = document.querySelector(".switch");
    control.hidden = false;
    control.addEventListener("click", (event) => {
      const language = event.target.closest("[data-set]")?.dataset.set;
      if (!language) return;
      stored.set(language);
      if (/^#lang=/.test(location.hash)) location.replace(`#lang=${language}`);
      show(language);
      drawAll();
    });
    show(asked());
    document.querySelectorAll("script[data-chart]").forEach(addStill);
    for (const link of document.querySelectorAll("a[data-picture]")) link.addEventListener("click", savePicture);
    for (const button of document.querySelectorAll("button[data-copy]")) {
      button.hidden = false;
      button.addEventListener("click", () => copy(button));
    }
    // Vega measures its labels once: the letters must be there first
    await Promise.all([400, 700].map((weight) => document.fonts.load(`${weight} 16px "Noto Sans KR"`, "A한")));
    await drawAll();
  });
})();
