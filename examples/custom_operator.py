"""An operation of one's own: grey-scale dilation, the max-plus sister of convolution, and a kernel learnt through it.

    y_i = max_r (x_{i+r} + w_r)

Convolution adds up products; dilation takes the largest sum. Ten lines declare it
with its two derivatives, `gradcheck` checks them, and gradient descent finds the
structuring element that had dilated an image.
"""

import argparse

import numpy as np

import minigrad as mg
import nn.functional as F


@mg.primitive("y_i = max_r x_{i+r} + w_r", vjp="x̄ and w̄ get g where the maximum was", aux="best")
def dilate(x, w):
    """Dilation of an image x by a structuring element w; (H, W), (h, w) -> (H − h + 1, W − w + 1)."""
    sums = np.lib.stride_tricks.sliding_window_view(x, w.shape) + w
    flat = sums.reshape(*sums.shape[:2], w.size)
    return flat.max(-1), flat.argmax(-1)


@dilate.defvjp("w")
def pull_w(g, best, w_shape):
    """Add each cotangent up at the entry of w that had won."""
    return (
        mg.zeros(*w_shape, dtype=g.dtype).flatten().index_add(0, mg.tensor(best.ravel()), g.flatten()).reshape(w_shape)
    )


@dilate.defvjp("x")
def pull_x(g, best, x_shape, w_shape):
    """Add each cotangent up at the pixel of x that had won."""
    rows, columns = np.indices(best.shape) + np.divmod(best, w_shape[1])
    pixels = mg.tensor((rows * x_shape[1] + columns).ravel())
    return mg.zeros(*x_shape, dtype=g.dtype).flatten().index_add(0, pixels, g.flatten()).reshape(x_shape)


def main() -> None:
    """Check the derivatives, then learn a structuring element."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=600, help="steps of gradient descent (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the random points (default: %(default)s)")
    arguments = parser.parse_args()
    mg.manual_seed(arguments.seed)

    x = mg.randn(7, 6, dtype=mg.float64, requires_grad=True)
    w = mg.randn(3, 2, dtype=mg.float64, requires_grad=True)
    mg.autograd.gradcheck(dilate, [x, w], order=2)
    print("gradcheck: both derivatives agree with differences, to second order")

    across = mg.arange(-2.0, 3.0)
    cone = -0.1 * (across[:, None] ** 2 + across**2).sqrt()
    image = mg.rand(40, 40)
    target = dilate(image, cone)
    learnt = mg.zeros(5, 5, requires_grad=True)
    optimizer = mg.optim.SGD([learnt], lr=1.0)
    for step in range(arguments.steps):
        optimizer.zero_grad()
        loss = F.mse_loss(dilate(image, learnt), target)
        loss.backward()
        optimizer.step()
        if step % 100 == 0:
            print(f"step {step}: loss {loss.item():.6f}")
    print(f"largest error of the structuring element: {(learnt - cone).abs().max().item():.4f}")


if __name__ == "__main__":
    main()
