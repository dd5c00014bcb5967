"""`python -m minigrad.bench`: the ladder, threads and a step of training, in less than half a minute."""

import argparse
import json

from . import PROBLEMS, Step, ladder, threaded, training

TITLES = {
    "lenet": "The second layer of LeNet-5: 6 to 16 maps, 5×5, on 14×14, 64 images",
    "wide": "A wide layer: 64 to 64 maps, 3×3, on 28×28, 16 images",
    "small": "A small layer: 2 to 3 maps, 3×3, on 8×8, 2 images",
}


def _lines(steps: list[Step]) -> list[str]:
    lines = []
    for step in steps:
        about = "about " if step.extrapolated else ""
        lines.append(f"  {step.name:24}{about + _milliseconds(step.seconds):>18}{step.factor:>12,.1f} ×"
                     f"{step.gflops:>10.3g} GFLOP/s")  # fmt: skip
    return lines


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:,.2f} ms"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m minigrad.bench", description=__doc__)
    parser.add_argument("--problem", choices=["lenet", "small"], default="lenet", help="which layer")
    parser.add_argument("--batch", type=int, default=64, help="images in a step of training (default: 64)")
    parser.add_argument("--seconds", type=float, default=0.5, help="time for each rung, about (default: 0.5)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    args = parser.parse_args()
    if args.batch < 1 or args.seconds <= 0:
        parser.error("--batch and --seconds must be larger than 0")
    wide = "small" if args.problem == "small" else "wide"
    steps = ladder(PROBLEMS[args.problem], args.seconds)
    threads = threaded(PROBLEMS[wide], args.seconds)
    step = training(args.batch, args.seconds)
    if args.json:
        print(json.dumps({
            "problem": PROBLEMS[args.problem]._asdict(),
            "ladder": [one._asdict() for one in steps],
            "threads": threads if isinstance(threads, str) else [one._asdict() for one in threads],
            "training": step._asdict() | {"images_per_second": step.images_per_second},
        }, indent=1))  # fmt: skip
        return
    print(f"{TITLES[args.problem]}; output and both gradients, float32.")
    print("Every rung computes the same. The loops ran for one image, and their time is multiplied.\n")
    print("\n".join(_lines(steps)))
    print(f"\n{TITLES[wide]}:\n")
    print(f"  {threads}" if isinstance(threads, str) else "\n".join(_lines(threads)))
    print(f"\nOne step of training LeNet-5, batch {step.batch}: {_milliseconds(step.seconds)}, "
          f"{step.images_per_second:,.0f} images a second.")  # fmt: skip


if __name__ == "__main__":
    main()
