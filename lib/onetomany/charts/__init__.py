"""Draw charts and tables: a polars frame in, a finished Altair chart or HTML table out.

A module is named after the analysis that it draws; its functions end in `_chart` or `_table`.
"""

from pkgutil import iter_modules

from onetomany.lazy import offer

_MODULES = [module.name for module in iter_modules(__path__)]
__all__, __getattr__, __dir__ = offer(__name__, {}, _MODULES)
