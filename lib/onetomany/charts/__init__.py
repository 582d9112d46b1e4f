"""Altair charts, one function per curve: a polars frame in, a finished chart out.

A module is named after the analysis that it draws. No chart calculates anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from onetomany.lazy import offer

__all__ = [
    "accuracy",
    "assessment",
    "attack",
    "behaviour",
    "cards",
    "case",
    "claims",
    "cost",
    "dials",
    "differentials",
    "disclosed",
    "evidence",
    "face_join",
    "film",
    "groups",
    "law",
    "linkage",
    "measured",
    "mosaic",
    "real_walks",
    "realism",
    "reidentification",
    "requests",
    "scale",
    "service",
    "terminal",
    "theme",
    "threshold",
    "tracking",
]

if TYPE_CHECKING:
    from . import (
        accuracy,
        assessment,
        attack,
        behaviour,
        cards,
        case,
        claims,
        cost,
        dials,
        differentials,
        disclosed,
        evidence,
        face_join,
        film,
        groups,
        law,
        linkage,
        measured,
        mosaic,
        real_walks,
        realism,
        reidentification,
        requests,
        scale,
        service,
        terminal,
        theme,
        threshold,
        tracking,
    )
else:
    __getattr__, __dir__ = offer(__name__, {}, tuple(__all__))
