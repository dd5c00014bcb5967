"""A convolutional autoencoder writes each image as a few numbers, or cleans it of noise.

python examples/autoencoder.py                                      # the sample in the package
python examples/autoencoder.py --data mnist --root data --plot pictures
python examples/autoencoder.py --variant unet --denoise 0.5 --plot pictures
"""

import argparse
import time
from pathlib import Path

import numpy as np

import minigrad as mg
import nn
import nn.functional as F
from minigrad import datasets, metrics, optim
from minigrad.utils.data import DataLoader, TensorDataset
from minigrad.utils.progress import progress

# What leads down and up in the network; the first is that of the notes (N134).
VARIANTS = {
    "transpose": {},
    "upsample": {"upsampling": "nearest"},
    "unpool": {"downsampling": "pool", "upsampling": "unpool"},
    "unet": {"downsampling": "pool", "upsampling": "nearest", "skip": True},
}


def load(name: str, root: str, train: bool) -> TensorDataset:
    """The images of one of the data sets, (N, 1, 28, 28) between 0 and 1, and their labels."""
    if name == "sample":
        raw = datasets.mnist_sample(train)
    else:
        kind = datasets.MNIST if name == "mnist" else datasets.FashionMNIST
        raw = kind(root, train=train, download=True)
    return TensorDataset(raw.data.float().unsqueeze(1) / 255, raw.targets)


def train(args, model, loader, optimizer, scheduler, epoch) -> float:
    """One pass over the training images; returns the mean squared error against the clean ones."""
    model.train()
    mean = metrics.MeanMetric()
    bar = progress(loader, f"epoch {epoch}/{args.epochs}", leave=False)
    for images, _ in bar:
        optimizer.zero_grad()
        loss = F.mse_loss(model(images), images)  # a model with noise adds it by itself while it trains
        loss.backward()
        optimizer.step()
        scheduler.step()
        mean.update(loss, weight=len(images))
        bar.set_postfix(error=mean.compute())
        if args.dry_run:
            break
    return mean.compute()


@mg.no_grad()
def reconstruct(model, images: mg.Tensor) -> mg.Tensor:
    """What the trained model makes of images, some at a time, within black and white."""
    model.eval()
    return mg.cat([model(part).clamp(0, 1) for part in images.split(500)])


def project(images: mg.Tensor, unseen: mg.Tensor, count: int) -> mg.Tensor:
    """Unseen images through the best linear code of as many numbers: principal components of the images (PCA)."""
    flat = images.flatten(1).numpy().astype(np.float64)
    mean = flat.mean(0)
    components = np.linalg.eigh(np.cov(flat, rowvar=False))[1][:, -count:]
    coded = (unseen.flatten(1).numpy() - mean) @ components
    return mg.tensor(coded @ components.T + mean, dtype=mg.float32).reshape(unseen.shape)


def compare(args, model, training: mg.Tensor, unseen: mg.Tensor) -> tuple[mg.Tensor, mg.Tensor]:
    """Print what the test images lose; returns what the model was given, and what it made of that."""
    given = model.corrupt(unseen) if args.denoise else unseen
    made = reconstruct(model, given)
    error = metrics.mean_squared_error(made, unseen)
    if args.denoise:
        before, after = (metrics.peak_signal_noise_ratio(one, unseen) for one in (given, made))
        print(f"PSNR of the noisy test images {before:.2f} dB, cleaned {after:.2f} dB: {after - before:+.2f} dB")
    elif model.needs_kept:
        print(f"test error {error:.5f}, where the decoder gets more than {args.latent} numbers: PCA is no match for it")
    else:
        linear = metrics.mean_squared_error(project(training, unseen, args.latent), unseen)
        print(
            f"test error with {args.latent} numbers for an image: {error:.5f}, PCA {linear:.5f}, "
            f"{1 - error / linear:.1%} less"
        )
    return given, made


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", choices=["sample", "mnist", "fashion"], default="sample")
    parser.add_argument("--root", default="data", help="folder of the files of the data set (default: data)")
    parser.add_argument("--variant", choices=list(VARIANTS), default="transpose", help="what leads down and up")
    parser.add_argument("--latent", type=int, default=16, help="numbers that stand for an image")
    parser.add_argument("--denoise", type=float, default=0.0, metavar="SIGMA", help="clean images of Gaussian noise")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save", type=Path, help="write the parameters to this file")
    parser.add_argument("--plot", type=Path, metavar="FOLDER", help="write pictures into this folder")
    parser.add_argument("--dry-run", action="store_true", help="one step per epoch")
    args = parser.parse_args()
    if args.epochs < 1 or not 1 <= args.latent < 784 or args.denoise < 0:
        parser.error("--epochs is at least 1, --latent from 1 to 783, --denoise not negative")
    if args.plot and args.plot.exists() and not args.plot.is_dir():
        parser.error(f"--plot names a folder, and {args.plot} is a file")
    return args


def main() -> None:
    """Train, compare with PCA or with the noise, and save or draw what was asked for."""
    args = arguments()
    if args.plot:  # now rather than after the training, if something is missing
        from autoencoder_plot import draw

        args.plot.mkdir(parents=True, exist_ok=True)
    mg.manual_seed(args.seed)
    training, testing = load(args.data, args.root, train=True), load(args.data, args.root, train=False)
    # No sigmoid at the end: where it saturates, at black, the squared error would have no gradient.
    model = nn.models.ConvAutoencoder(
        latent_size=args.latent, logits=True, noise=args.denoise, **VARIANTS[args.variant]
    )
    loader = DataLoader(training, args.batch_size, shuffle=True)
    optimizer = optim.Adam(model.parameters(), lr=args.lr)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs * len(loader))
    print(
        f"{sum(p.numel() for p in model.parameters())} parameters, {len(training)} training and {len(testing)} test "
        "images"
    )

    start = time.perf_counter()
    for epoch in range(1, args.epochs + 1):
        error = train(args, model, loader, optimizer, scheduler, epoch)
        print(f"epoch {epoch}: training error {error:.5f}", flush=True)
    print(f"trained in {time.perf_counter() - start:.1f} s")

    (images, _), (unseen, labels) = training.tensors, testing.tensors
    given, made = compare(args, model, images, unseen)
    if args.save:
        mg.save(model.state_dict(), args.save)
        print(f"parameters in {args.save}")
    if args.plot:
        for path in draw(args.plot, model, unseen, labels, given, made):
            print(f"picture in {path}")


if __name__ == "__main__":
    main()
