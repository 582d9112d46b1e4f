"""The confidence level of every interval, and how many draws of people one takes.

Change LEVEL or REPLICATES here: the intervals, the charts and the sentences follow.
"""

from statistics import NormalDist

LEVEL = 0.95
REPLICATES = 1000  # draws of people, for figures that aren't rates

TAIL = round((1 - LEVEL) / 2, 12)  # probability beyond each end of an interval
NORMAL = NormalDist().inv_cdf(1 - TAIL)  # standard errors from the middle to each end
PERCENT, PERCENT_KO = f"{100 * LEVEL:g} %", f"{100 * LEVEL:g}%"  # as printed
