"""Estimate from a sample how many people of the population are unique: Pitman, Zayatz, SNB.

A record alone in the sample may have doubles among those not sampled. Three published models
estimate from the sample's class sizes how many of the population's N people are unique; `dankar`
picks one of them. It is this kit's reading of the rule of Dankar, El Emam, Neisa and Roffey
('Estimating the re-identification risk of clinical data sets', BMC Medical Informatics and Decision
Making 12:66, 2012), with the cases of ARX's source: Pitman up to a sampling fraction of 10 %, above
that the lower of Zayatz and SNB. ARX solves the models differently, so its figures need not be
equal.

On real tables not used for fitting, the share of unique people was off by 0.036 on average with
Pitman (0.22 at worst), 0.057 with `dankar` (0.47), 0.148 with SNB (0.71) and 0.172 with Zayatz
(0.74): docs/reidentification.md. `copula` is the alternative (0.023, 0.09 at worst).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl

from onetomany.confidence import NORMAL, TAIL
from onetomany.errors import InputError
from .classes import SIZE, Floats, Ints, Table, group_classes

UNIQUENESS = {
    "model": pl.String,
    "uniques": pl.Float64,  # people of the population; null if the model has no solution
    "uniqueness": pl.Float64,  # their share
    "low": pl.Float64,  # confidence interval, for the chance of the sample alone
    "high": pl.Float64,
    "chosen": pl.String,  # the model chosen by the decision rule; null except for `dankar`
}
FRACTION = 0.1
FEW = 5  # pairs of records in one class from which a model can be fitted


def population_uniqueness(
    table: Table, columns: Sequence[str], population: int, *, groups: int = 20, seed: int = 0
) -> pl.DataFrame:
    """Return four estimates (`UNIQUENESS`) of the share of the population that is unique.

    The records must be a simple random sample of `population` people. The interval is a delete-a-
    group jackknife over `groups` random groups of records (Kott, Journal of Official Statistics
    17:521, 2001). A bootstrap would be wrong: drawing a record twice creates a false double. The
    interval does not cover a model that doesn't fit, which is the larger error: see
    docs/reidentification.md. If fewer than `FEW` pairs of records share a class, or no record is
    unique, no model can be fitted, and the interval is that of `unfitted`.

    Raises InputError as `classes`, for a population not larger than the sample, or for `groups`
    below 2 or above the number of records.
    """
    sizes = group_classes(table, columns)[SIZE].to_numpy()
    return uniqueness_of(sizes, population, groups=groups, seed=seed)


def uniqueness_of(sizes: Ints, population: int, *, groups: int = 20, seed: int = 0) -> pl.DataFrame:
    """Return the same from the sizes of all classes, in any order."""
    sizes = np.sort(sizes)
    require_population(int(sizes.sum()), population, groups)
    rows = []
    whole = _all_models(sizes, population)
    parts = leave_out(sizes, groups, seed)
    without = [_all_models(part[part > 0], population) for part in parts]
    known = unfitted(sizes, population)
    for model, (uniques, chosen) in whole.items():
        low, high = known or jackknife(uniques, [part[model][0] for part in without], population)
        share = None if uniques is None else uniques / population
        rows.append((model, uniques, share, low, high, chosen))
    return pl.DataFrame(rows, schema=UNIQUENESS, orient="row")


def unfitted(sizes: Ints, population: int) -> tuple[float, float] | None:
    """Return a 95 % interval of uniqueness valid for any classes, or None if models fit.

    A sample without doubles is likely however few people are unique, if the population is large:
    its pairs of records in one class are at most a Poisson count, and a person who is not unique is
    in a pair. A sample without unique records gives an upper bound.
    """
    from scipy.stats import beta, chi2

    records, once = int(sizes.sum()), int((sizes == 1).sum())
    pairs = int((sizes.astype(np.float64) * (sizes - 1)).sum()) // 2
    if once and pairs >= FEW:
        return None
    expected = float(chi2.ppf(1 - TAIL, 2 * (pairs + 1))) / 2
    low = 1 - 2 * expected * (population - 1) / max(records * (records - 1), 1) if once else 0.0
    high = 1.0 if once == records else float(beta.ppf(1 - TAIL, once + 1, records - once))
    return max(0.0, low), high


def require_population(records: int, population: int, groups: int) -> None:
    """Raise InputError if the sample can't be of that population, or not be grouped so."""
    if population <= records:
        raise InputError(
            f"A population of {population:,} is no larger than the sample of {records:,} records: "
            "give the number of all people, or count unique records with 'anonymity'."
        )
    if not 2 <= groups <= records:
        raise InputError(f"{records:,} records can't be split into {groups} groups.")


def leave_out(sizes: Ints, groups: int, seed: int) -> Iterator[Ints]:
    """Yield class sizes without each of `groups` random groups of records; some may be 0."""
    rng = np.random.default_rng(seed)
    ids = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    for group in range(groups):
        yield np.bincount(np.delete(ids, np.s_[group::groups]), minlength=len(sizes))


def jackknife(
    uniques: float | None, without: Sequence[float | None], population: int
) -> tuple[float | None, float | None]:
    """Return the 95 % interval of a share; None if half the groups or more have no solution."""
    known = np.array([each for each in without if each is not None]) / population
    if uniques is None or 2 * len(known) <= len(without):
        return None, None
    reach = NORMAL * float(np.sqrt((len(known) - 1) * known.var()))
    share = uniques / population
    return max(0.0, share - reach), min(1.0, share + reach)


def _all_models(sizes: Ints, population: int) -> dict[str, tuple[float | None, str | None]]:
    models: dict[str, Callable[[Ints, int], float | None]] = {
        "pitman": _pitman,
        "zayatz": _zayatz,
        "snb": _snb,
    }
    found = {name: model(sizes, population) for name, model in models.items()}
    rivals = ["pitman"] if sizes.sum() / population <= FRACTION else ["zayatz", "snb"]
    solved = {name: found[name] for name in rivals if found[name] is not None}
    chosen = min(solved, key=lambda name: solved[name] or 0.0) if solved else "zayatz"
    return {
        **{name: (value, None) for name, value in found.items()},
        "dankar": (found[chosen], chosen),
    }


def least_loss(loss: Callable[[Floats], float], starts: Sequence[Floats], **options: float) -> Any:
    """Return the best end of Nelder and Mead's search from several starts."""
    from scipy.optimize import minimize

    runs = [minimize(loss, each, method="Nelder-Mead", options=options) for each in starts]
    return min(runs, key=lambda run: float(run.fun))


def _pitman(sizes: Ints, population: int) -> float | None:
    """Estimate unique people by Pitman's process (Hoshino, JOS 17:499, 2001).

    theta and alpha by maximum likelihood. The expected number of unique people is exact, N (theta +
    alpha)_(N-1) / (theta + 1)_(N-1); Hoshino has its limit for large N. None if the sample has only
    unique records, or one class.
    """
    from scipy.special import betaln, expit, gammaln

    values, counts = np.unique(sizes, return_counts=True)
    number, records = len(sizes), int(sizes.sum())
    if values[0] > 1:
        return 0.0
    if number in (1, records):
        return None

    def rising(start: float, steps: int) -> float:
        """Return ln (start)_steps without the lost digits of two gammaln's difference."""
        return float(gammaln(steps) - betaln(start, steps))

    def parameters(free: Floats) -> tuple[float, float]:
        alpha = float(expit(free[0]))
        return float(np.exp(np.clip(free[1], -40, 40))) - alpha, alpha

    def loss(free: Floats) -> float:
        theta, alpha = parameters(free)
        if theta <= -alpha or alpha < 1e-12:
            return float("inf")
        new = (number - 1) * np.log(alpha) + rising(theta / alpha + 1, number - 1)
        draws = rising(theta + 1, records - 1)
        old = counts @ (gammaln(values - alpha) - gammaln(1 - alpha))
        return float(draws - new - old)

    starts = [np.array([a, np.log(number)]) for a in (-1.0, 1.0)]
    best = least_loss(loss, starts, maxiter=600, xatol=1e-7, fatol=1e-9)
    if not np.isfinite(best.fun):
        return None
    theta, alpha = parameters(best.x)
    log = rising(theta + alpha, population - 1) - rising(theta + 1, population - 1)
    return float(population * np.exp(log))


def _zayatz(sizes: Ints, population: int) -> float | None:
    """Estimate unique people by Bayes' rule, with the sample's class sizes (Zayatz 1991).

    s_1 P(F = 1 | f = 1) N / n, f hypergeometric given F (US Bureau of the Census)."""
    from scipy.stats import hypergeom

    values, counts = np.unique(sizes, return_counts=True)
    records = int(sizes.sum())
    if values[0] > 1:
        return 0.0
    seen_once = hypergeom.pmf(1, population, values, records)
    chance = counts[0] * seen_once[0] / (counts @ seen_once)
    return float(counts[0] * chance * population / records)


def _snb(sizes: Ints, population: int) -> float | None:
    """Estimate unique people if class sizes less one are negative binomial: K beta^alpha.

    Chen and Keller-McNulty, Journal of Official Statistics 14:79, 1998. K, the population's
    classes, is Shlosser's estimate as modified by Haas and Stokes (JASA 93:1475, 1998); alpha and
    beta make the expected classes of one and two records equal those seen; None if none do.
    """
    from scipy.optimize import least_squares
    from scipy.special import expit

    values, counts = np.unique(sizes, return_counts=True)
    f = sizes.sum() / population
    once, twice = int((sizes == 1).sum()), int((sizes == 2).sum())
    if once == 0:
        return 0.0
    if twice == 0 or values[-1] == 1:
        return None
    missed = counts @ (1 - f) ** values
    ratio = missed / (counts @ (values * f * (1 - f) ** (values - 1)))
    spread = counts @ (values * f**2 * (1 - f**2) ** (values - 1))
    # (1 - f^2)^v - (1 - f)^v, for classes of any size
    spread /= counts @ ((1 - f**2) ** values * -np.expm1(-values * np.log1p(f)))
    number = len(sizes) + once * spread * ratio**2

    def gaps(free: Floats) -> Floats:
        alpha, beta = np.exp(np.clip(free[0], -30, 30)), expit(np.clip(free[1], -30, 30))
        d = (1 - f) * (1 - beta)
        log = alpha * (np.log(beta) - np.log1p(-d))
        first = number * f * np.exp(log) * (alpha * d / (1 - d) + 1)
        second = number * f**2 / 2 * np.exp(log) * alpha * (1 - beta) / (1 - d) ** 2
        return np.array([first / once - 1, second * (2 - (1 - alpha) * d) / twice - 1])

    runs = [
        least_squares(gaps, np.array([a, b]), xtol=1e-14, ftol=1e-14, gtol=1e-14)
        for a in (-3.0, -1.0, 1.0)
        for b in (-6.0, -2.0, 2.0)
    ]
    best = min(runs, key=lambda run: float(run.cost))
    if best.cost > 1e-12:
        return None
    alpha, beta = float(np.exp(best.x[0])), float(expit(best.x[1]))
    return float(number * beta**alpha)
