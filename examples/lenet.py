"""LeNet-5 learns to read handwritten digits.

python examples/lenet.py                              # the sample in the package
python examples/lenet.py --data mnist --root data     # all of MNIST, downloaded if it is not there
python examples/lenet.py --variant relu --plot lenet.png
python examples/lenet.py --resume run.npz             # goes on where it was stopped, with the same bits
"""

import argparse
import time
from pathlib import Path

import minigrad as mg
import nn
import nn.functional as F
from minigrad import datasets, metrics, optim, transforms
from minigrad.serialization import load_checkpoint, save_checkpoint
from minigrad.utils.data import DataLoader, TensorDataset
from minigrad.utils.progress import progress


def network(variant: str) -> nn.Module:
    """LeNet-5 for 28×28 images: the table's tanh and average pooling (N104), or ReLU and max pooling."""
    if variant == "tanh":
        return nn.models.LeNet5(input_size=28)
    return nn.models.LeNet5(input_size=28, activation=nn.ReLU, pooling=nn.MaxPool2d)


def load(name: str, root: str, train: bool) -> TensorDataset:
    """The images, normalised, and labels of one of the data sets."""
    if name == "sample":
        raw = datasets.mnist_sample(train)
    else:
        kind = datasets.MNIST if name == "mnist" else datasets.FashionMNIST
        raw = kind(root, train=train, download=True)
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
    images = mg.stack([transform(image) for image in raw.data.numpy()])
    return TensorDataset(images, raw.targets)


def distortion(args, background: float):
    """What happens to training images, each time differently: distortions, shifts, or nothing."""
    if args.distort:
        return transforms.RandomDistortion(fill=background)
    return transforms.RandomCrop(28, padding=args.shift, fill=background) if args.shift else transforms.Compose([])


def train(args, model, loader, distort, optimizer, scheduler, epoch) -> float:
    """One pass over the training data; returns the mean loss."""
    model.train()
    mean = metrics.MeanMetric()
    bar = progress(loader, f"epoch {epoch}/{args.epochs}", leave=False)
    for images, labels in bar:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(distort(images)), labels)
        loss.backward()
        optimizer.step()
        scheduler.step()
        mean.update(loss, weight=len(labels))
        bar.set_postfix(loss=mean.compute())
        if args.dry_run:
            break
    return mean.compute()


@mg.no_grad()
def test(model, loader) -> tuple[float, float, mg.Tensor]:
    """Mean loss and accuracy on unseen data, and the scores of every image."""
    model.eval()
    scores = mg.cat([model(images) for images, _ in loader])
    labels = mg.cat([labels for _, labels in loader])
    return F.cross_entropy(scores, labels).item(), metrics.accuracy(scores, labels), scores


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", choices=["sample", "mnist", "fashion"], default="sample")
    parser.add_argument("--root", default="data", help="folder of the MNIST files (default: data)")
    parser.add_argument(
        "--variant", choices=["tanh", "relu"], default="tanh", help="tanh and average pooling, or ReLU and max"
    )
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--lr", type=float, default=0.05)
    parser.add_argument("--momentum", type=float, default=0.9)
    parser.add_argument("--weight-decay", type=float, default=5e-4)
    parser.add_argument("--shift", type=int, default=1, help="move training images by up to so many pixels")
    parser.add_argument("--distort", action="store_true", help="turn, stretch, slant and bend them instead")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--validate", type=int, default=0, help="test on so many training images instead of the test set"
    )
    parser.add_argument("--save", type=Path, help="write the parameters to this file")
    parser.add_argument("--resume", type=Path, help="keep the run in this file, and go on from it if it is there")
    parser.add_argument("--plot", type=Path, help="write learning curves, filters, confusions and mistakes to this PNG")
    parser.add_argument("--dry-run", action="store_true", help="one step per epoch")
    args = parser.parse_args()
    if args.epochs < 1:
        parser.error("--epochs must be at least 1")
    return args


def main() -> None:
    """Train, test, and save or draw what was asked for."""
    args = arguments()
    if args.plot:  # now rather than after the training, if something is missing
        from lenet_plot import draw

        args.plot.parent.mkdir(parents=True, exist_ok=True)
    mg.manual_seed(args.seed)
    training = load(args.data, args.root, train=True)
    if args.validate:
        if args.validate >= len(training):
            raise SystemExit(f"--validate {args.validate} leaves nothing of {len(training)} images to train on")
        images, labels = training.tensors
        testing = TensorDataset(images[: args.validate], labels[: args.validate])
        training = TensorDataset(images[args.validate :], labels[args.validate :])
    else:
        testing = load(args.data, args.root, train=False)
    model = network(args.variant)
    optimizer = optim.SGD(
        model.parameters(), lr=args.lr, momentum=args.momentum, weight_decay=args.weight_decay, nesterov=True
    )
    print(
        f"{sum(p.numel() for p in model.parameters())} parameters, {len(training)} training and {len(testing)} test "
        "images"
    )

    loader = DataLoader(training, args.batch_size, shuffle=True)
    distort = distortion(args, background=training.tensors[0].min().item())
    # The rate falls along half a cosine, from --lr to nothing.
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs * len(loader))
    run = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
    done, history, start = 0, [], time.perf_counter()
    settings = {name: value for name, value in vars(args).items() if name not in ("save", "resume", "plot", "root")}
    if args.resume and args.resume.exists():
        done, history, before = load_checkpoint(args.resume, **run).values()
        if before != settings:
            raise SystemExit(f"{args.resume} belongs to a run with other settings: {before}")
        print(f"{args.resume} goes on after epoch {done}")
    for epoch in range(done + 1, args.epochs + 1):
        loss = train(args, model, loader, distort, optimizer, scheduler, epoch)
        test_loss, accuracy, _ = test(model, DataLoader(testing, 500))
        history.append((loss, test_loss, accuracy))
        print(
            f"epoch {epoch}: training loss {loss:.4f}, test loss {test_loss:.4f}, test accuracy {accuracy:.2%}",
            flush=True,
        )
        if args.resume:
            save_checkpoint(args.resume, **run, epoch=epoch, history=history, settings=settings)
    print(f"trained in {time.perf_counter() - start:.1f} s")

    if args.save:
        mg.save(model.state_dict(), args.save)
        print(f"parameters in {args.save}")
    if args.plot:
        draw(args.plot, history, model, testing, test(model, DataLoader(testing, 500))[2])
        print(f"picture in {args.plot}")


if __name__ == "__main__":
    main()
