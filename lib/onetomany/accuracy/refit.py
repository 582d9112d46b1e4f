"""Calculate error rates of a template model at any size, and their spread over refitted models.

Each probe has a chance p that a random person matches it; n independent people then give
FPIR(N) = mean over probes of 1 - (1 - p)^n, without drawing a gallery. The chances are rare events:
all of a person is drawn except one number, the position on the line towards the probe, over which
the chance is exact (conditional Monte Carlo: Asmussen and Glynn, 'Stochastic Simulation', Springer
2007, section V.4). So a model can be fitted to other people many times, and its curve calculated
each time. Calculated rates are below those of a drawn gallery (FPIR by 4 % at FMR 1e-4 and by 13 to
27 % at 1e-5, among 36,000 records of SFace); the kit uses only the differences between models and
the growth from one size to another.

`refits` fits to random halves of the people. Half-sampling without replacement has the spread of
another sample of the whole size (McCarthy, Review of the ISI 37:239, 1969; Shao and Wu, Annals of
Statistics 17:1176, 1989). Drawing people with replacement would be wrong: copies of a person leave
fewer directions, and the fitted spectrum would be that of the sample, not of people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import ndtr
from scipy.stats import t as student

from onetomany.confidence import TAIL
from onetomany.errors import InputError
from onetomany.faces import require_templates, synthetic
from onetomany.progress import ProgressBar
from .intervals import Floats

MATES = 16_000  # probes of enrolled people
POINTS = 12  # for the mean over the part that images of one person share
GRID = 24  # scores at which chances are calculated; between them their logarithm is straight
HIGHEST = 0.1  # the FMR at the lowest of these scores
FARTHEST = 7.0  # standard deviations from the mean score to the highest: an FMR of about 1e-12
FEWEST = 5  # people who must contribute to a chance: with fewer it is one or two people's
NEAREST = 1e-6  # to 0 or 1: fewer errors than any of our samples could show
LEAST = 1e-300  # in place of a chance of 0, whose logarithm is not a number
STREAM = (1 << 30) + 2  # of people here; galleries and `growth` use the streams below


@dataclass(frozen=True)
class Chances:
    """How likely a person is to match a probe at each score.

    `scores` (grid,) rise. `one` and `several` (grid, probes) are the logarithms of the chance that
    an image of a random person, and that the best of `images` of one, scores as high with the
    probe. `people` (grid,) is the effective number of drawn people who contribute to a probe's
    chance, in the median (Kish, 'Survey Sampling', 1965). `mates` are the best scores of `MATES`
    other probes with `images` of their own person.
    """

    scores: Floats
    one: Floats
    several: Floats
    people: Floats
    mates: Floats
    images: int

    def threshold(self, fmr: float) -> float:
        """Return the score at which one image of a random person matches a random probe so often.

        Raises InputError for a rate outside the scores calculated.
        """
        top = self.one.max(axis=1)  # the logarithm of the mean over probes
        rates = top + np.log(np.exp(self.one - top[:, None]).mean(axis=1))
        if not rates[-1] <= np.log(fmr) <= rates[0]:
            raise InputError(
                f"FMR {fmr:g} is outside the calculated range ({np.exp(rates[-1]):.1g} to "
                f"{np.exp(rates[0]):.1g}): choose a rate within it."
            )
        return float(np.interp(-np.log(fmr), -rates, self.scores))

    def fpir(self, records: float, scores: Sequence[float] | Floats) -> Floats:
        """Return FPIR at each score, of people not enrolled, in a gallery of so many records."""
        at = np.asarray(scores, dtype=np.float64)
        place = np.clip(np.searchsorted(self.scores, at) - 1, 0, len(self.scores) - 2)
        start, end = self.scores[place], self.scores[place + 1]
        share = ((at - start) / (end - start))[:, None]
        log = (1 - share) * self.several[place] + share * self.several[place + 1]
        log = np.minimum(log, -1e-12)  # a certain match would be infinitely many
        expected = records / self.images * -np.log1p(-np.exp(log))  # (scores, probes)
        return np.asarray(-np.expm1(-expected).mean(axis=1))

    def fnir(self, records: float, score: float) -> float:
        """Return FNIR at rank 1: the share of enrolled probes below the score or behind a stranger.

        Whether a stranger scores above the mate is taken to depend on the mate's score alone.
        """
        ahead = np.exp(np.interp(self.mates, self.scores, self._log_fpir(records)))
        return float(1 - ((1 - ahead) * (self.mates >= score)).mean())

    def threshold_at_fpir(self, records: float, target: float) -> float:
        """Return the score at which a share `target` of the people not enrolled raise an alarm."""
        return float(np.interp(-np.log(target), -self._log_fpir(records), self.scores))

    def require_borne(self, score: float) -> None:
        """Raise InputError if too few drawn people contribute to the chances at a score."""
        people = float(np.interp(score, self.scores, self.people))
        if people < FEWEST:
            raise InputError(
                f"Matches at a score of {score:.3f} are too rare to calculate for these templates: "
                f"{people:.1f} of the people drawn contribute to them, {FEWEST} are needed. Draw "
                "more people, or ask for a smaller gallery or a higher rate."
            )

    def _log_fpir(self, records: float) -> Floats:
        return np.log(np.maximum(self.fpir(records, self.scores), LEAST))


def chances(
    model: synthetic.TemplateModel,
    images: int = 3,
    *,
    probes: int = 256,
    people: int = 300,
    seed: int = 0,
) -> Chances:
    """Return each probe's chance of a false match with random people (see the module)."""
    own = synthetic.draw_people(model, MATES, seed, STREAM)
    shown = synthetic.draw_images(model, own, 1, seed, STREAM, session=2).astype(np.float64)
    enrolled = synthetic.draw_images(model, own, images, seed, STREAM).astype(np.float64)
    mates = np.einsum("pid,pd->pi", enrolled.reshape(MATES, images, -1), shown).max(axis=1)
    others = synthetic.draw_people(model, people, seed, STREAM + 1)
    raw = synthetic.draw_unscaled(model, others, 1, synthetic.generator(seed, STREAM + 1, 1))
    along = _Along(
        model, shown[:probes], others.variation.astype(np.float64), raw.astype(np.float64)
    )
    middle, spread = float(along.scores.mean()), float(along.scores.std())
    low = float(np.quantile(along.scores, 1 - HIGHEST))
    scores = np.linspace(low, min(middle + FARTHEST * spread, 0.999), GRID)
    found = [along.log_chances(score, images) for score in scores]
    one, several = (np.array([each[place] for each in found]) for place in (0, 1))
    return Chances(scores, one, several, np.array([each[2] for each in found]), mates, images)


class _Along:
    """Random people, each free to move along the line that brings them nearest to a probe.

    An image's position on that line is a standard normal number (very nearly: its deviation is the
    sum of many small parts); everything else is drawn. Arrays are (people, probes).
    """

    def __init__(
        self, model: synthetic.TemplateModel, probes: Floats, variation: Floats, raw: Floats
    ) -> None:
        places, strays = model.between.astype(np.float64), model.within.astype(np.float64)
        loose = variation**2 * np.exp(2 * model.image_spread**2)
        towards, astray = probes @ places.T @ places, probes @ strays.T
        shared = np.einsum("pd,pd->p", probes, towards)  # variance of the place's inner product
        own = loose @ (astray**2).T  # and of an image's deviation from it
        self.step = np.sqrt(shared + own)
        self.alike = np.broadcast_to(shared, own.shape) / (shared + own)
        moved = raw @ towards.T + ((raw @ strays.T) * loose) @ astray.T
        bent = np.einsum("pd,pd->p", towards, towards)
        bent = bent + 2 * loose @ (astray * (towards @ strays.T)).T
        # the rows of `within` are orthogonal
        bent = bent + (loose**2 * (strays**2).sum(axis=1)) @ (astray**2).T
        moved, self.bent = moved / self.step, bent / self.step**2
        squared = np.einsum("id,id->i", raw, raw)[:, None]
        self.scores = raw @ probes.T / np.sqrt(squared)
        self.inner = probes @ model.mean.astype(np.float64)
        at = (raw @ probes.T - self.inner) / self.step
        # the same, at the middle of the line
        self.moved = moved - at * self.bent
        self.squared = squared - 2 * at * moved + at**2 * self.bent

    def log_chances(self, score: float, images: int) -> tuple[Floats, Floats, float]:
        """Return log chances that one image, and that the best of all, reaches the score.

        Each (probes,); then the effective number of people who contribute, in the median. The
        condition is inner + step x >= score sqrt(squared + 2 moved x + bent x²), a quadratic in x.
        """
        lead = self.step**2 - score**2 * self.bent
        half = self.inner * self.step - score**2 * self.moved
        rest = self.inner**2 - score**2 * self.squared
        root = np.sqrt(np.maximum(half**2 - lead * rest, 0))
        reached = half**2 >= lead * rest
        with np.errstate(divide="ignore", invalid="ignore"):
            start = (root - half) / lead  # the upper root, or the lower if lead < 0
            end = np.where(lead > 0, np.inf, (-half - root) / lead)
        reached &= self.inner + start * self.step >= 0
        start, end = np.where(reached, start, np.inf), np.where(reached, end, np.inf)
        one = ndtr(-start)
        several = one if images == 1 else one * _times(start, self.alike, images)
        beyond = 1 - np.divide(ndtr(-end), one, out=np.zeros_like(one), where=one > 0)
        squares = np.maximum((one**2).sum(axis=0), LEAST)
        people = float(np.median(one.sum(axis=0) ** 2 / squares))
        single, best = (
            np.log(np.maximum((each * beyond).mean(axis=0), LEAST)) for each in (one, several)
        )
        return single, best, people


def _times(start: Floats, alike: Floats, images: int) -> Floats:
    """Return how many times likelier the best of several images is to reach `start` than one.

    The images' numbers are standard normal with the correlation `alike`.
    """
    points, weights = hermegauss(POINTS)
    weights = weights / weights.sum()
    apart = np.sqrt(np.maximum(1 - alike, 1e-12))
    # the shared part, if one image reached it, is near alike x start
    base = np.where(np.isfinite(start), start, 0.0)
    total, alone = np.zeros_like(base), np.zeros_like(base)
    for point, weight in zip(points, weights, strict=True):
        shared = alike * base + apart * point
        tilt = np.exp(-(shared**2) / (2 * alike) + point**2 / 2)
        single = ndtr((shared - base) / apart)
        total += weight * tilt * -np.expm1(images * np.log1p(-np.minimum(single, 1 - 1e-12)))
        alone += weight * tilt * single
    return np.divide(total, alone, out=np.ones_like(total), where=alone > 0)


def curves(
    model: synthetic.TemplateModel,
    sizes: Sequence[float],
    fmr: Sequence[float],
    fpir: Sequence[float],
    images: int = 3,
    *,
    drawn: int = 300,
    strict: bool = True,
) -> pl.DataFrame:
    """Return the model's rates at each size: `images`, `measure`, `level`, `size`, `rate`.

    A gallery has `images` records of each person.

    Measures: FPIR and FNIR at thresholds known by their `fmr` ('fpir', 'fnir'), rank-1 misses
    ('rank_1', level 0), and FNIR at the threshold of each `fpir` ('fnir at fpir').

    Raises InputError if a rate is too rare to be calculated from `drawn` people; without `strict`
    it is calculated anyway.
    """
    found = chances(model, images, people=drawn)
    cuts = [found.threshold(rate) for rate in fmr]
    held = {(n, level): found.threshold_at_fpir(n, level) for n in sizes for level in fpir}
    if strict:
        found.require_borne(max([*cuts, *held.values()]))
    rows = []
    for size in sizes:
        flagged = zip(fmr, found.fpir(size, cuts), strict=True)
        missed = [(level, found.fnir(size, cut)) for level, cut in zip(fmr, cuts, strict=True)]
        first = found.fnir(size, -1.0)
        rows += [("fpir", level, size, float(rate)) for level, rate in flagged]
        rows += [("fnir", level, size, rate) for level, rate in missed]
        rows += [("rank_1", 0.0, size, first)]
        rows += [("fnir at fpir", k, size, found.fnir(size, held[size, k])) for k in fpir]
    kinds = {"measure": pl.String, "level": pl.Float64, "size": pl.Int64, "rate": pl.Float64}
    return pl.DataFrame(rows, kinds, orient="row").with_columns(images=pl.lit(images))


def refits(
    templates: pl.DataFrame,
    sizes: Sequence[float],
    fmr: Sequence[float],
    fpir: Sequence[float],
    *,
    count: int = 20,
    images: int = 3,
    drawn: int = 300,
    seed: int = 0,
) -> pl.DataFrame:
    """Return `curves` of the model of all people (`refit` 0) and of random halves (1, 2 ...).

    `matcher` names the templates' matcher. The chances of each model come from `drawn` random
    people, with the same random numbers for every model. The model of all people must be
    calculable; some halves vary so widely that theirs hardly is, which is part of the uncertainty.

    Raises InputError for fewer than 20 people, whose halves are too few to fit a model to.
    """
    require_templates(templates)
    people = templates["subject_id"].unique().sort()
    rng = np.random.default_rng(seed)
    whole = curves(synthetic.fit_template_model(templates), sizes, fmr, fpir, images, drawn=drawn)
    frames = [whole.with_columns(refit=pl.lit(0))]
    for number in ProgressBar(
        range(count), desc="models refitted", unit="model", delay=2, leave=False
    ):
        half = people.gather(rng.permutation(len(people))[: len(people) // 2])
        model = synthetic.fit_template_model(
            templates.filter(pl.col("subject_id").is_in(half.implode()))
        )
        again = curves(model, sizes, fmr, fpir, images, drawn=drawn, strict=False)
        frames.append(again.with_columns(refit=pl.lit(number + 1)))
    return pl.concat(frames).with_columns(matcher=pl.lit(templates["model"][0]))


def widened(
    rates: pl.DataFrame, again: pl.DataFrame, measure: str, column: str, level: str | None = None
) -> pl.DataFrame:
    """Widen a rate's interval by the uncertainty of fitting to few people.

    `rates` has `gallery_size`, the rate's `column`, `<column>_low` and `<column>_high` (chance in
    who is searched), and, if the measure has levels, the column `level` with them. `again` is a
    frame of `refits` with these sizes and levels. The two parts are independent: their squares add
    up on the scale log(-log(1 - rate)), on which FPIR is nearly a straight line over log N. The
    refits' part is their standard deviation times Student's t.

    Raises InputError if `again` lacks a size or level of `rates`, or mixes galleries of one and
    of several images a person.
    """
    if again["images"].n_unique() != 1:
        raise InputError("These refits are of several kinds of gallery: filter by `images`.")
    own = again.filter((pl.col("measure") == measure) & (pl.col("refit") > 0))
    models = own["refit"].n_unique()
    spread = (
        own.with_columns(place=pl.Series(_loglog(own["rate"].to_numpy())))
        .group_by("size", "level")
        .agg(spread=pl.col("place").std())
    )
    keys = rates.select(
        size=pl.col("gallery_size").cast(pl.Int64),
        level=pl.col(level).cast(pl.Float64) if level else pl.lit(0.0),
    )
    reach = keys.join(spread, on=["size", "level"], how="left", maintain_order="left")["spread"]
    if reach.null_count():
        size, lacking = keys.filter(reach.is_null()).row(0)
        raise InputError(
            f"The refits have no {measure} at {size:,} records and level {lacking:g}: make them "
            "for the sizes and levels of the rates."
        )
    wide = float(student.ppf(1 - TAIL, models - 1)) * reach.to_numpy()
    middle, low, high = (
        _loglog(rates[name].to_numpy()) for name in (column, f"{column}_low", f"{column}_high")
    )
    return rates.with_columns(
        pl.Series(f"{column}_low", _rate(middle - np.hypot(middle - low, wide))),
        pl.Series(f"{column}_high", _rate(middle + np.hypot(high - middle, wide))),
    )


def all_widened(rates: pl.DataFrame, again: pl.DataFrame) -> pl.DataFrame:
    """Widen every interval of a frame of `accuracy.rates_by_size` with its `fmr`; see `widened`."""
    ends = {"rank_1": "rank_1", "rank_1_low": "rank_1_high", "rank_1_high": "rank_1_low"}
    missed = rates.with_columns((1 - pl.col(old)).alias(new) for new, old in ends.items())
    missed = widened(missed, again, "rank_1", "rank_1")
    wide = rates.with_columns((1 - missed[old]).alias(new) for new, old in ends.items())
    for measure in ("fpir", "fnir"):
        wide = widened(wide, again, measure, measure, "fmr")
    return wide


def _loglog(rate: Floats) -> Floats:
    """Return log(-log(1 - rate)), with rates limited to NEAREST from 0 and 1."""
    return np.asarray(np.log(-np.log1p(-np.clip(rate, NEAREST, 1 - NEAREST))))


def _rate(place: Floats) -> Floats:
    """Return the rate of a value on that scale; within NEAREST of 0 or 1 it is 0 or 1."""
    rate = -np.expm1(-np.exp(place))
    return np.asarray(np.where(rate <= NEAREST * 1.001, 0, np.where(rate >= 1 - NEAREST, 1, rate)))
