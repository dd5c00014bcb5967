"""Measurements of speed and memory; `python benchmarks/run.py` runs them, README.md says how to read them."""
