"""Measure how few columns single people out, and which tables join to them."""
