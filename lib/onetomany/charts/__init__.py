"""Draw charts and tables: a polars frame in, a finished Altair chart or HTML table out.

A module is named after the analysis that it draws; its functions end in `_chart` or `_table`.
"""

from onetomany.lazy import offer

__all__ = [
    "accuracy",
    "assessment",
    "attack",
    "behaviour",
    "cards",
    "case",
    "claims",
    "dials",
    "differentials",
    "disclosed",
    "elsewhere",
    "elsewhere_tables",
    "evidence",
    "face_join",
    "film",
    "fixed_fpir",
    "law",
    "marks",
    "measured",
    "mosaic",
    "persistent_key",
    "presenter",
    "reader_table",
    "real",
    "realism",
    "reckoner",
    "reidentification",
    "requests",
    "scale",
    "service",
    "table_formats",
    "terminal",
    "theme",
    "threshold",
    "tracking",
    "transfer",
]

__getattr__, __dir__ = offer(__name__, {}, tuple(__all__))
