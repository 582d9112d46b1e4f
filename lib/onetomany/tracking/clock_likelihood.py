"""Calculate the likelihood of times between cameras by clock offsets, and the best offsets.

Densities are of times of a labelled run, smoothed; some of the times seen are taken for wrong.
"""

import numpy as np
from scipy.optimize import minimize

from .transit import HORIZON, Floats, Rows

STEPS, REACH = 5, 12  # of a bandwidth: places at which it is tabulated, and how far
STRANGE = 0.2  # share of pairs taken for wrong
USUAL = 3.0  # s: half of all clocks are about as near to the median (Cauchy prior)

Times = dict[tuple[int, int], Floats]  # s, by numbers of two cameras


def log_densities(
    offsets: Floats, scale: float, seen: Times, known: Times
) -> tuple[Floats, Floats]:
    """Return log densities of each time seen (times, places), and the places: shifts, in s."""
    places: Floats = np.arange(-REACH * STEPS, REACH * STEPS + 1, dtype=np.float64)
    places *= scale / STEPS
    tables = [
        _log_density(known[a, b], each[:, None] - offsets[b] + offsets[a] - places, scale)
        for (a, b), each in seen.items()
    ]
    return np.concatenate(tables), places


def likeliest_offsets(
    offsets: Floats, scale: float, seen: Times, known: Times, weights: Floats | None = None
) -> Floats:
    """Return offsets of greatest likelihood near those given, (cameras,), all cameras together."""
    logs, places = log_densities(offsets, scale, seen, known)
    width = places[1] - places[0]
    if weights is not None:
        logs = logs * weights[:, None]
    a, b = np.array([*seen]).T
    starts = np.cumsum([0, *map(len, seen.values())])[:-1]
    table = np.add.reduceat(logs, starts)
    middle = np.median(offsets)
    pair, last = np.arange(len(a)), len(places) - 2

    def cost(shift: Floats) -> tuple[float, Floats]:
        place = np.clip((shift[b] - shift[a] - places[0]) / width, 0, last + 1)
        cell = np.minimum(place.astype(np.int64), last)
        slope = table[pair, cell + 1] - table[pair, cell]
        value = table[pair, cell] + slope * (place - cell)
        ahead = (offsets + shift - middle) / USUAL
        gradient = 2 * ahead / USUAL / (1 + ahead**2)
        np.add.at(gradient, b, -slope / width)
        np.add.at(gradient, a, slope / width)
        return float(np.log1p(ahead**2).sum() - value.sum()), gradient

    found = minimize(cost, np.zeros(len(offsets)), jac=True, method="L-BFGS-B")
    return np.asarray(offsets + found.x)


def differences(a: Rows, b: Rows, cameras: int) -> Floats:
    """Return the matrix (pairs, cameras) that gives the offset of each `b` less that of its `a`."""
    every = np.eye(cameras)
    return np.asarray(every[b] - every[a])


def _log_density(times: Floats, at: Floats, scale: float) -> Floats:
    """Log density of travel times at places `at`, smoothed by `scale`, some taken for wrong."""
    width = scale / STEPS
    low, high = at.min() - 8 * scale, at.max() + 8 * scale
    near = times[(times >= low) & (times < high)]
    bins = int((high - low) / width) + 2
    held = np.bincount(((near - low) / width).astype(np.int64), minlength=bins)
    reach = np.arange(-3 * STEPS, 3 * STEPS + 1)
    kernel = np.exp(-0.5 * (reach / STEPS) ** 2)
    density = np.convolve(held, kernel / kernel.sum(), mode="same") / (len(times) * width)
    found = density[((at - low) / width).astype(np.int64)]
    return np.asarray(np.log((1 - STRANGE) * found + STRANGE / HORIZON))
