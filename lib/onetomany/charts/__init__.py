"""Altair charts, one function per curve: a polars frame in, a finished chart out."""
