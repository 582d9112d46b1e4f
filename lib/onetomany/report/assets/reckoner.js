// The reckoner of a page: the formulas of onetomany.accuracy (reckoner, alarm_rates) in plain
// script, without network. tests/test_reckoner_page.py compares every figure with the library's.
(() => {
  "use strict";
  const COUNTS = ["searches", "alerts", "confirmed", "false_alerts"];
  const SHARES = ["wanted_share", "fmr", "fpir", "fnir"];

  // --- chances

  // 1 - (1 - FMR)^N, averaged over people whose own FMRs are lognormal with this variation
  function anyMatch(fmr, size, cv = 0) {
    const expected = fmr >= 1 ? Infinity : -Math.log1p(-fmr) * size;
    if (!cv || !Number.isFinite(expected) || expected === 0) return -Math.expm1(-expected);
    const sigma = Math.sqrt(Math.log1p(cv * cv));
    const step = 0.01, reach = 9;
    let sum = 0, weights = 0;
    for (let z = -reach; z <= reach; z += step) {
      const weight = Math.exp(-z * z / 2);
      weights += weight;
      sum += weight * -Math.expm1(-expected * Math.exp(sigma * z - sigma * sigma / 2));
    }
    return Math.min(1, sum / weights);
  }

  function logGamma(x) { // Lanczos; Numerical Recipes' coefficients
    const c = [76.18009172947146, -86.50532032941677, 24.01409824083091, -1.231739572450155,
      0.1208650973866179e-2, -0.5395239384953e-5];
    let series = 1.000000000190015;
    c.forEach((each, n) => { series += each / (x + 1 + n); });
    return Math.log(2.5066282746310005 * series / x) - (x + 5.5) + (x + 0.5) * Math.log(x + 5.5);
  }

  function betaFraction(a, b, x) { // Lentz's continued fraction
    const tiny = 1e-300;
    let c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (Math.abs(d) < tiny ? tiny : d);
    let h = d;
    for (let m = 1; m < 20000; m++) {
      for (const part of [m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
        -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))]) {
        d = 1 + part * d;
        c = 1 + part / c;
        d = 1 / (Math.abs(d) < tiny ? tiny : d);
        c = Math.abs(c) < tiny ? tiny : c;
        h *= d * c;
      }
      if (Math.abs(d * c - 1) < 1e-13) break;
    }
    return h;
  }

  function betaShare(a, b, x) { // the regularised incomplete beta function
    if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
    const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
    return x < (a + 1) / (a + b + 2) ? front * betaFraction(a, b, x) / a : 1 - front * betaFraction(b, a, 1 - x) / b;
  }

  function betaQuantile(share, a, b) {
    let low = 0, high = 1;
    for (let n = 0; n < 200; n++) {
      const middle = (low + high) / 2;
      if (betaShare(a, b, middle) < share) low = middle; else high = middle;
    }
    return (low + high) / 2;
  }

  // the exact interval (Clopper and Pearson) from the fewest to the most counted
  function exact(least, most, trials, tail) {
    const whole = Math.max(1, Math.round(trials));
    const [few, many] = [least, most].map((each) => Math.min(Math.round(each), whole));
    return [few ? betaQuantile(tail, few, whole - few + 1) : 0,
      many < whole ? betaQuantile(1 - tail, many + 1, whole - many) : 1];
  }

  // --- the same steps as accuracy.reckoner.reckon

  const row = (value, low = value, high = value, interval = [null, null], basis = "calculated") =>
    ({ value, low, high, interval_low: interval[0], interval_high: interval[1], basis });
  const ends = (each, days = 1) => [each.value, each.low, each.high].map((end) => end / days);

  function dailyAlarms(at) {
    let share, found;
    if (at.c !== undefined && at.S !== undefined) {
      share = at.m < 1 ? Math.min(1, at.c / at.S / (1 - at.m)) : 1;
      found = at.c;
    } else {
      share = at.b;
      found = at.S === undefined ? null : at.S * share * (1 - at.m);
    }
    if (at.A !== undefined) {
      const right = Math.min(found, at.A);
      return [at.A, at.A > 0 ? right / at.A : null, at.A - right];
    }
    const right = share * (1 - at.m), wrong = (1 - share) * at.f;
    const precision = right + wrong > 0 ? right / (right + wrong) : null;
    if (at.S === undefined) return [null, precision, null];
    return [found + at.S * wrong, precision, at.S * wrong];
  }

  function spread(parts, year, alarms = dailyAlarms) {
    const known = Object.entries(parts).filter(([, each]) => each);
    let corners = [{}];
    for (const [name, each] of known) {
      corners = corners.flatMap((corner) => [...new Set(each.slice(1))].map((end) => ({ ...corner, [name]: end })));
    }
    const middle = alarms(Object.fromEntries(known.map(([name, each]) => [name, each[0]])));
    const found = [middle, ...corners.map((corner) => alarms(corner))];
    const rows = {};
    [["alarms_a_day", 1], ["right_of_ten", 10], ["wrong_a_year", year]].forEach(([name, scale], place) => {
      const all = found.map((each) => each[place]).filter((each) => each !== null).map((each) => each * scale);
      if (all.length) rows[name] = row(middle[place] === null ? null : middle[place] * scale, Math.min(...all), Math.max(...all));
    });
    return rows;
  }

  function counted(given, year, tail) {
    const { alerts, confirmed, false_alerts: wrong, searches } = given;
    const rest = confirmed ? alerts.value - confirmed.value : 0;
    const [middle, least, most] = confirmed ? [rest, wrong ? Math.min(wrong.low, rest) : 0, rest] : ends(wrong);
    const rows = {};
    if (alerts.value > 0) {
      const [low, high] = exact(least, most, alerts.value, tail);
      const right = (part) => 10 * (1 - part / alerts.value);
      rows.right_of_ten = row(right(middle), right(most), right(least), [10 * (1 - high), 10 * (1 - low)], "counted");
    }
    const same = searches && searches.days === alerts.days ? searches.value : null;
    if (same) rows.false_alarm_rate = row(middle / same, least / same, most / same, exact(least, most, same, tail), "counted");
    const among = same ? exact(alerts.value, alerts.value, same, tail).map((end) => end * same / alerts.days) : [null, null];
    const alarms = alerts.value / alerts.days;
    rows.alarms_a_day = row(alarms, alarms, alarms, among, "counted");
    const trials = same ?? alerts.value, yearly = year / alerts.days;
    const between = trials > 0 ? exact(least, most, trials, tail).map((end) => end * trials * yearly) : [0, 0];
    rows.wrong_a_year = row(middle * yearly, least * yearly, most * yearly, between, "counted");
    return { rows, used: ["searches", "alerts", "confirmed", "false_alerts"] };
  }

  function alarmRate(given, known) {
    if (given.fpir) return [ends(given.fpir), ["fpir"]];
    const wrong = given.false_alerts, searches = given.searches;
    if (wrong && searches) {
      const [w, s] = [ends(wrong, wrong.days), ends(searches, searches.days)];
      return [[w[0] / s[0], w[1] / s[2], Math.min(1, w[2] / s[1])], ["false_alerts"]];
    }
    if (given.fmr && given.gallery_size) {
      const [fmr, size] = [ends(given.fmr), ends(given.gallery_size)];
      return [[anyMatch(fmr[0], size[0]), anyMatch(fmr[1], size[1], known.people_differ), anyMatch(fmr[2], size[2])],
        ["fmr", "gallery_size"]];
    }
    return [ends(known.references.fpir), ["fpir"]];
  }

  function modelled(given, year, known) {
    const { alerts, searches, confirmed } = given;
    if (alerts && !searches) {
      const alarms = alerts.value / alerts.days;
      return { used: ["alerts"], rows: {
        alarms_a_day: row(alarms, alarms, alarms, undefined, "counted"),
        right_of_ten: row(null, 0, 10, undefined, "not known"),
        wrong_a_year: row(null, 0, alarms * year, undefined, "not known"),
      } };
    }
    const used = ["fnir", ...["searches", "alerts", "confirmed"].filter((name) => given[name])];
    const parts = { m: ends(given.fnir ?? known.references.fnir) };
    for (const [short, each] of [["S", searches], ["A", alerts], ["c", confirmed]]) if (each) parts[short] = ends(each, each.days);
    if (!(confirmed && searches)) {
      parts.b = ends(given.wanted_share ?? known.references.wanted_share);
      used.push("wanted_share");
    }
    if (!alerts) {
      const [rate, names] = alarmRate(given, known);
      parts.f = rate;
      used.push(...names);
    }
    const rows = spread(parts, year);
    if (alerts) {
      rows.alarms_a_day.basis = "counted";
      // other programmes' share bounds this one's, and is no estimate of it
      if (parts.b && !given.wanted_share) rows.right_of_ten.value = rows.wrong_a_year.value = null;
    } else {
      rows.false_alarm_rate = row(...parts.f);
      const wrong = given.false_alerts;
      if (used.includes("false_alerts") && wrong.days === searches.days) {
        const [low, high] = exact(wrong.low, wrong.high, searches.value, known.tail);
        const yearly = searches.value / searches.days * year;
        Object.assign(rows.false_alarm_rate, { interval_low: low, interval_high: high, basis: "counted" });
        Object.assign(rows.wrong_a_year, { interval_low: low * yearly, interval_high: high * yearly });
      }
    }
    return { rows, used };
  }

  function reckon(given, year, known) {
    const isCounted = given.alerts && (given.confirmed || given.false_alerts);
    const { rows, used } = isCounted ? counted(given, year, known.tail) : modelled(given, year, known);
    const { fmr, gallery_size: size, searches } = given;
    if (fmr && size && searches) {
      const of = (n) => ends(fmr)[n] * Math.round(ends(size)[n]) * ends(searches, searches.days)[n];
      rows.false_candidates_a_day = row(of(0), of(1), of(2));
    }
    return { rows, used };
  }

  // --- "99.9 % accurate": accuracy.accuracy_claims

  const ofAlarms = (precision) => (at) => {
    const right = at.S * at.b * (1 - at.m);
    return at.S === undefined ? [null, precision, null] : [right / precision, precision, right / precision - right];
  };
  const ofDecisions = (error) => (at) => {
    const missed = Math.min(at.b * at.m, error), false_ = Math.min(error - missed, 1 - at.b), right = at.b - missed;
    const share = right + false_ > 0 ? right / (right + false_) : null;
    return at.S === undefined ? [null, share, null] : [at.S * (right + false_), share, at.S * false_];
  };

  function implied(meaning, accuracy, given, known) {
    const pick = (...names) => Object.fromEntries(names.filter((name) => given[name]).map((name) => [name, given[name]]));
    const whole = (value) => ({ value, low: value, high: value });
    const claim = whole(1 - accuracy), own = pick("searches", "gallery_size", "wanted_share");
    const figures = (inputs) => reckon(inputs, known.year, known).rows;
    if (meaning === "fmr" && !own.gallery_size) return {};
    if (meaning === "fmr" || meaning === "fpir") return figures({ ...own, ...pick("fnir"), [meaning]: claim });
    if (meaning === "fnmr" || meaning === "tpir") return figures({ ...own, ...pick("fpir", "fmr"), fnir: claim });
    if (meaning === "rank_1") return figures({ ...own, fpir: whole(1), fnir: claim });
    const parts = { b: ends(given.wanted_share ?? known.references.wanted_share), m: ends(given.fnir ?? known.references.fnir) };
    if (own.searches) parts.S = ends(own.searches, own.searches.days);
    if (meaning === "precision") return spread(parts, known.year, ofAlarms(accuracy));
    // where misses alone are all the errors, alarms are fewest
    for (const [one, other] of [["b", "m"], ["m", "b"]]) {
      const bends = parts[other].slice(1).filter((end) => end > 0).map((end) => (1 - accuracy) / end);
      const [, low, high] = parts[one];
      parts[one] = [...parts[one], ...bends.filter((each) => low < each && each < high)];
    }
    return spread(parts, known.year, ofDecisions(1 - accuracy));
  }

  // --- nonsense

  function fault(given, said) {
    for (const [name, each] of Object.entries(given)) {
      const least = name === "gallery_size" || name === "searches" ? 1 : 0;
      if (!Number.isFinite(each.value)) return said.number(name);
      if (SHARES.includes(name) && !(each.value >= 0 && each.value <= 1)) return said.share(name);
      if (!SHARES.includes(name) && each.value < least) return said.least(name, least);
    }
    for (const [part, whole] of [["confirmed", "alerts"], ["false_alerts", "alerts"], ["alerts", "searches"],
      ["confirmed", "searches"], ["false_alerts", "searches"]]) {
      if (given[part] && given[whole] && given[part].value > given[whole].value) return said.more(part, whole);
    }
    const { alerts, confirmed, false_alerts: wrong } = given;
    if (alerts && confirmed && wrong && confirmed.value + wrong.value > alerts.value) return said.sum();
    return Object.keys(given).length ? null : said.nothing();
  }

  // --- the form

  const short = (value, whole = true) => whole && Math.abs(value) >= 1000 ? Math.round(value).toLocaleString("en-US")
    : Number(value.toPrecision(3)).toLocaleString("en-US", { maximumFractionDigits: 12 });
  const shortShare = (value) => value > 0 && value < 0.01 ? `1/${short(1 / value, false)}` : short(value);
  const between = (low, high, form) => low === null || low === high ? "" : `${form(low)} – ${form(high)}`;

  function element(tag, text, lang) {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (lang) made.lang = lang;
    return made;
  }
  function both(tag, [english, korean]) {
    const made = element(tag);
    made.append(element("span", english, "en"), " ", element("span", korean, "ko"));
    return made;
  }

  function words(known) {
    const name = (key) => known.names[key];
    return {
      number: (key) => [`${name(key)[0]}: give a number.`, `${name(key)[1]}: 수를 적는다.`],
      share: (key) => [`${name(key)[0]}: a share is from 0 to 1, so write 0.1 % as 0.001.`, `${name(key)[1]}: 비율은 0에서 1까지이다. 0.1%는 0.001로 적는다.`],
      least: (key, least) => [`${name(key)[0]}: give ${least} or more.`, `${name(key)[1]}: ${least} 이상이어야 한다.`],
      more: (part, whole) => [`More ${name(part)[0]} than ${name(whole)[0]}: a part can't be more than the whole.`, `${name(part)[1]}가 ${name(whole)[1]}보다 많다. 일부가 전체보다 많을 수 없다.`],
      sum: () => ["Confirmed and false alarms together are more than the alarms.", "확인된 경보와 오경보의 합이 경보보다 많다."],
      nothing: () => ["Enter at least one number.", "수를 하나 이상 적는다."],
    };
  }

  function build(place, known) {
    const fields = {}, said = words(known);
    const chooser = place.querySelector("select"), form = place.querySelector("[data-fields]");
    const meanings = place.querySelector("[data-meanings]");
    const result = place.querySelector("[data-result]"), note = place.querySelector("[data-note]");
    for (const name of [...known.order, "days", "claim"]) {
      const label = element("label");
      label.append(both("span", known.names[name]));
      const input = element("input");
      Object.assign(input, { type: "text", inputMode: "decimal", name, autocomplete: "off", placeholder: "?" });
      input.addEventListener("input", show);
      label.append(input);
      form.append(label);
      fields[name] = input;
    }
    known.programmes.forEach((each, n) => {
      const option = element("option", `${each.name_en} ${each.name_ko}`);
      option.value = n;
      chooser.append(option);
    });

    function read() {
      const days = Number(fields.days.value.replaceAll(",", "") || 1);
      const given = {};
      for (const name of known.order) {
        const text = fields[name].value.trim().replaceAll(",", "");
        if (!text) continue;
        const value = Number(text);
        given[name] = { value, low: value, high: value, ...(COUNTS.includes(name) ? { days } : {}) };
      }
      return [given, days];
    }

    function show() {
      const [given, days] = read();
      const wrong = days > 0 && Number.isFinite(days) ? fault(given, said)
        : ["The days must be a number above 0.", "기간의 날 수는 0보다 커야 한다."];
      result.replaceChildren();
      note.replaceChildren();
      meanings.replaceChildren();
      place.dataset.figures = place.dataset.implied = "";
      if (wrong) { note.append(both("p", wrong)); return; }
      const { rows, used } = reckon(given, known.year, known);
      place.dataset.figures = JSON.stringify(rows);
      for (const [name, ...label] of known.figures) {
        const own = rows[name];
        if (!own) continue;
        const form = name === "false_alarm_rate" ? shortShare : (each) => short(each, own.basis === "counted");
        const line = element("tr"), head = both("th", label);
        head.append(both("small", known.bases[own.basis]));
        Object.assign(head, { scope: "row", className: "wide" });
        line.append(head, element("td", own.value === null ? "–" : form(own.value)),
          element("td", between(own.low, own.high, form)),
          element("td", between(own.interval_low, own.interval_high, form)));
        result.append(line);
      }
      claimed(given);
      for (const name of used.filter((each) => !given[each] && known.references[each])) {
        const own = known.references[name];
        const range = between(own.low, own.high, shortShare);
        note.append(both("p", [`Not disclosed: ${known.names[name][0]}. Range ${range}: ${own.source}.`,
          `공개되지 않음: ${known.names[name][1]}. 범위 ${range}: ${own.source_ko}.`]));
      }
    }

    // what the claimed percentage implies, a row for each meaning
    function claimed(given) {
      const text = fields.claim.value.trim().replace(/%$/, "");
      meanings.closest("table").hidden = !text;
      if (!text) return;
      const accuracy = Number(text) / 100;
      if (!(accuracy > 0 && accuracy <= 1)) {
        note.append(both("p", ["A claimed accuracy is above 0 and at most 100 %.", "주장된 정확도는 0보다 크고 100% 이하이다."]));
        return;
      }
      const alarms = given.alerts && given.alerts.value / given.alerts.days;
      const all = {};
      for (const [meaning, en, ko, silent, silentKo] of known.meanings) {
        const rows = all[meaning] = implied(meaning, accuracy, given, known);
        const line = element("tr"), head = both("th", [en, ko]);
        Object.assign(head, { scope: "row", className: "wide" });
        head.append(both("small", [`doesn't say: ${silent}`, `말하지 않는 것: ${silentKo}`]));
        const daily = rows.alarms_a_day;
        if (alarms !== undefined && daily && daily.low !== null) {
          head.append(both("small", known.fits[String(daily.low <= alarms && alarms <= daily.high)]));
        }
        line.append(head);
        for (const name of ["alarms_a_day", "right_of_ten", "wrong_a_year"]) {
          const own = rows[name], form = (each) => short(each, false);
          const range = own ? between(own.low, own.high, form) : "";
          line.append(element("td", !own ? "–" : own.value === null ? range : form(own.value) + (range ? ` (${range})` : "")));
        }
        meanings.append(line);
      }
      place.dataset.implied = JSON.stringify(all);
    }

    function choose() {
      const chosen = known.programmes[chooser.value];
      for (const [name, input] of Object.entries(fields)) if (name !== "claim") input.value = chosen?.[name] ?? "";
      const from = place.querySelector("[data-source]");
      from.replaceChildren();
      if (chosen) {
        const link = element("a", chosen.source);
        if (/^https?:\/\//.test(chosen.url)) link.href = chosen.url;
        from.append("Source 출처: ", link);
      }
      show();
    }
    chooser.addEventListener("change", choose);
    chooser.value = String(known.programmes.length ? 0 : -1);
    choose();
  }

  addEventListener("DOMContentLoaded", () => {
    for (const script of document.querySelectorAll("script[data-reckoner]")) {
      const place = document.getElementById(script.dataset.reckoner);
      build(place, JSON.parse(script.textContent));
      place.hidden = false;
    }
  });
})();
