"""matplotlib for the pictures of the examples, which go to files and open no window."""

try:
    import matplotlib
except ImportError:
    raise SystemExit('the picture needs matplotlib: pip install -e ".[viz]"') from None
matplotlib.use("Agg")
from matplotlib import pyplot as plt

__all__ = ["plt"]
