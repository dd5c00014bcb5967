"""Helpers around the engine; `minigrad.utils.data` loads batches."""
