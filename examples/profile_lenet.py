"""Where the time of training LeNet-5 goes.

python examples/profile_lenet.py
python examples/profile_lenet.py --batch-size 128 --trace trace.json    # for https://ui.perfetto.dev
"""

import argparse
from pathlib import Path

import minigrad as mg
import nn
import nn.functional as F
from minigrad.profiler import profile, record_function, schedule


def main() -> None:
    """Train a few steps on the digits that come with the package, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--steps", type=int, default=5, help="steps that are profiled, after two that are not")
    parser.add_argument("--rows", type=int, default=12, help="rows of the table of operations")
    parser.add_argument("--trace", type=Path, help="write a trace to this file")
    args = parser.parse_args()

    mg.manual_seed(0)
    sample = mg.datasets.mnist_sample()
    model = nn.models.LeNet5(input_size=28)
    optimizer = mg.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    plan = schedule(wait=1, warmup=1, active=args.steps, repeat=1)
    with profile(schedule=plan, record_shapes=True, profile_memory=True) as prof:
        for _ in range(2 + args.steps):
            with record_function("data"):
                chosen = mg.randint(0, len(sample.data), (args.batch_size,))
                images = sample.data[chosen].float().unsqueeze(1) / 255
                labels = sample.targets[chosen]
            optimizer.zero_grad()
            loss = F.cross_entropy(model(images), labels)
            loss.backward()
            optimizer.step()
            prof.step()

    print(prof.key_averages().table(row_limit=args.rows, header=f"{args.steps} steps, batches of {args.batch_size}"))
    print(f"\nLayer by layer\n{prof.layers()}")
    print(f"\nAt most {prof.peak_memory / 2**20:.1f} MiB of results were alive at one time.")
    if args.trace:
        prof.export_chrome_trace(args.trace)
        print(f"trace in {args.trace}")


if __name__ == "__main__":
    main()
