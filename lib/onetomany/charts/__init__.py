"""Draw charts and tables: a polars frame in, a finished Altair chart or HTML table out.

A module is named after the analysis that it draws; its functions end in `_chart` or `_table`.
"""
