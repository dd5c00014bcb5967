"""LeNet-5 as a picture: what it computes for a few digits, with maps, gradients and layers.

python examples/draw_lenet.py                                   # lenet.svg, one box for each layer
python examples/draw_lenet.py --depth 9 --output lenet.mmd      # every operation, for Mermaid
"""

import argparse

import minigrad as mg
import nn
import nn.functional as F
from minigrad import datasets


def main() -> None:
    """Run one forward and backward pass and draw it."""
    parser = argparse.ArgumentParser(description="Draw LeNet-5 reading a few digits.")
    parser.add_argument("--output", default="lenet.svg", help="ends in .svg, .dot, .mmd or .txt (default: %(default)s)")
    parser.add_argument("--depth", type=int, default=2, help="modules this deep are one box (default: %(default)s)")
    parser.add_argument("--direction", choices=["TB", "LR"], default="TB")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    mg.manual_seed(arguments.seed)
    sample = datasets.mnist_sample()
    images, labels = sample.data[:4].float().unsqueeze(1) / 255, sample.targets[:4]
    model = nn.models.LeNet5(input_size=28)
    with mg.drawing.record(model) as tape:
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
    drawing = tape.draw(loss, depth=arguments.depth, values=True, grads=True, direction=arguments.direction)
    drawing.save(arguments.output)
    print(drawing)


if __name__ == "__main__":
    main()
