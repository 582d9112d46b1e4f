"""Things that chapters make to show how the kit works: specimens, simulated logs, a sample bundle.

No other room imports these. Each says on its face that it is a specimen, simulated or a sample.
"""
