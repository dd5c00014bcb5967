"""What people write around convolutional networks: the same lines under `torch` and under `minigrad`, the same numbers.

Each function gets the library (its `nn` and `nn.functional` with it) and returns tensors, numbers and texts to compare.
Weights and data come from NumPy, so that both begin at the same place.
"""

# The names are those that scripts use.

import numpy as np
import pytest
import torch

import minigrad
from tests.torch_oracle.compare import array_of, assert_same, normal, whole


def filled(torch, module, seed=0):
    """The module in float64 with weights that depend on their places only."""
    module.double()
    for number, parameter in enumerate(module.parameters()):
        values = normal(*parameter.shape, seed=seed + number) / max(np.prod(parameter.shape[1:]), 1) ** 0.5
        parameter.data.copy_(torch.tensor(values))
    return module


def images(torch, *shape, seed=3):
    return torch.tensor(normal(*shape, seed=seed))


# --------------------------------------------------------------- attention to channels and places


def squeeze_and_excitation(torch, nn, F):
    """Hu et al., 2017."""

    class SELayer(nn.Module):
        def __init__(self, channel, reduction=2):
            super().__init__()
            self.avg_pool = nn.AdaptiveAvgPool2d(1)
            self.fc = nn.Sequential(
                nn.Linear(channel, channel // reduction, bias=False),
                nn.ReLU(inplace=True),
                nn.Linear(channel // reduction, channel, bias=False),
                nn.Sigmoid(),
            )

        def forward(self, x):
            b, c, _, _ = x.size()
            y = self.avg_pool(x).view(b, c)
            y = self.fc(y).view(b, c, 1, 1)
            return x * y.expand_as(x)

    net = filled(torch, SELayer(4))
    x = images(torch, 2, 4, 5, 6).requires_grad_()
    y = net(x)
    y.pow(2).mean().backward()
    return [y, x.grad, [p.grad for p in net.parameters()], list(net.state_dict())]


def convolutional_block_attention(torch, nn, F):
    """Woo et al., 2018: the maximum and the mean over channels, joined."""
    conv = filled(torch, nn.Conv2d(2, 1, 3, padding=1, bias=False))
    x = images(torch, 2, 4, 5, 6).requires_grad_()
    pooled = torch.cat([torch.max(x, 1)[0].unsqueeze(1), torch.mean(x, 1).unsqueeze(1)], dim=1)
    y = x * torch.sigmoid(conv(pooled))
    y.sum().backward()
    return [y, x.grad, conv.weight.grad]


def self_attention_over_places(torch, nn, F):
    """Zhang et al., 2018 (SAGAN), with a learnt gain that begins at 0."""

    class Attention(nn.Module):
        def __init__(self, c):
            super().__init__()
            self.query, self.key = nn.Conv1d(c, c // 2, 1), nn.Conv1d(c, c // 2, 1)
            self.value = nn.Conv1d(c, c, 1)
            self.gamma = nn.Parameter(torch.tensor([0.0]))

        def forward(self, x):
            size = x.size()
            x = x.view(*size[:2], -1)
            f, g, h = self.query(x), self.key(x), self.value(x)
            beta = F.softmax(torch.bmm(f.transpose(1, 2), g), dim=1)
            o = self.gamma * torch.bmm(h, beta) + x
            return o.view(*size).contiguous()

    net = filled(torch, Attention(4))
    x = images(torch, 2, 4, 3, 3).requires_grad_()
    y = net(x)
    (grad,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
    grad.norm().backward()
    return [y, grad, [p.grad for p in net.parameters()]]


def patches_and_heads(torch, nn, F):
    """Dosovitskiy et al., 2020: patches by a strided convolution, heads by einsum."""
    embed = filled(torch, nn.Conv2d(3, 8, kernel_size=2, stride=2))
    qkv = filled(torch, nn.Linear(8, 24), seed=9)
    x = images(torch, 2, 3, 4, 4)
    tokens = embed(x).flatten(2).transpose(1, 2)
    tokens = torch.cat((torch.zeros(2, 1, 8, dtype=torch.float64).expand(2, -1, -1), tokens), dim=1)
    B, L, C = tokens.shape
    q, k, v = qkv(tokens).reshape(B, L, 3, 2, C // 2).permute(2, 0, 3, 1, 4).unbind(0)
    weights = torch.einsum("bhid,bhjd->bhij", q, k) * (C // 2) ** -0.5
    weights = weights.masked_fill(torch.ones(L, L).triu(1).bool(), float("-inf")).softmax(dim=-1)
    y = torch.einsum("bhij,bhjd->bhid", weights, v).transpose(1, 2).reshape(B, L, C)
    y.std().backward()
    return [y, weights, embed.weight.grad, qkv.weight.grad]


# ------------------------------------------------------------------- training


def mixup_and_soft_targets(torch, nn, F):
    """Zhang et al., 2017."""
    net = filled(torch, nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 4)))
    x, y = images(torch, 6, 1, 6, 6), torch.tensor(whole(0, 4, 6))
    index, lam = torch.tensor([3, 1, 0, 5, 2, 4]), 0.7
    mixed = lam * x + (1 - lam) * x[index, :]
    target = lam * F.one_hot(y, 4).double() + (1 - lam) * F.one_hot(y[index], 4).double()
    loss = F.cross_entropy(net(mixed), target) + torch.sum(-target * F.log_softmax(net(mixed), dim=-1), dim=-1).mean()
    loss.backward()
    total = nn.utils.clip_grad_norm_(net.parameters(), max_norm=0.5)
    return [loss, total, [p.grad for p in net.parameters()], list(net.buffers())]


def gradient_penalty(torch, nn, F):
    """Gulrajani et al., 2017: the norm of a gradient, differentiated."""
    critic = filled(
        torch,
        nn.Sequential(
            nn.Conv2d(1, 4, 4, 2, 1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.InstanceNorm2d(4, affine=True),
            nn.Conv2d(4, 1, 4, 1, 0),
        ),
    )
    real, fake = images(torch, 3, 1, 8, 8), images(torch, 3, 1, 8, 8, seed=7)
    alpha = torch.tensor(normal(3, 1, 1, 1)).sigmoid()
    interpolates = (alpha * real + ((1 - alpha) * fake)).requires_grad_(True)
    scores = critic(interpolates)
    gradients = torch.autograd.grad(
        outputs=scores, inputs=interpolates, grad_outputs=torch.ones_like(scores), create_graph=True,
        retain_graph=True, only_inputs=True,
    )[0]  # fmt: skip
    gradients = gradients.view(gradients.size(0), -1)
    penalty = ((gradients.norm(2, dim=1) - 1) ** 2).mean() * 10
    penalty.backward()
    return [penalty, [p.grad for p in critic.parameters()]]


def accumulation_and_weight_groups(torch, nn, F):
    """Decay on weights only, gradients of two halves added up, a rate set by hand."""
    net = filled(
        torch, nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU6(), nn.Flatten(), nn.Linear(32, 3))
    )
    decay, plain = [], []
    for name, param in net.named_parameters():
        if not param.requires_grad:
            continue
        (plain if param.ndim <= 1 or name.endswith(".bias") else decay).append(param)
    optimizer = torch.optim.SGD(
        [{"params": plain, "weight_decay": 0.0}, {"params": decay, "weight_decay": 0.05}], lr=0.1, momentum=0.9
    )
    losses = []
    for step in range(3):
        optimizer.zero_grad(set_to_none=True)
        for part in range(2):
            x = images(torch, 4, 1, 6, 6, seed=10 * step + part)
            loss = F.cross_entropy(net(x), torch.tensor(whole(0, 3, 4, seed=part)), label_smoothing=0.1) / 2
            loss.backward()
            losses.append(loss.item())
        for group in optimizer.param_groups:
            group["lr"] = 0.1 * 0.5**step
        optimizer.step()
    return [torch.tensor(losses), list(net.state_dict().values())]


def moving_average_of_weights(torch, nn, F):
    """A teacher that follows its student."""
    student = filled(torch, nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)))
    teacher = filled(torch, nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)), seed=5)
    student.train()
    student(images(torch, 2, 1, 5, 5))
    with torch.no_grad():
        for ours, theirs in zip(teacher.parameters(), student.parameters()):
            ours.mul_(0.9).add_(theirs, alpha=0.1)
        for ours, theirs in zip(teacher.buffers(), student.buffers()):
            ours.copy_(theirs)
    return [list(teacher.state_dict().values()), [name for name, _ in teacher.named_buffers()]]


def initialisation_by_kind(torch, nn, F):
    """The loop that torchvision's models have in their constructors."""
    net = nn.Sequential(nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(True), nn.Flatten(), nn.Linear(8, 2))
    for m in net.modules():
        if isinstance(m, nn.Conv2d):
            nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
            if m.bias is not None:
                nn.init.zeros_(m.bias)
        elif isinstance(m, (nn.BatchNorm2d, nn.GroupNorm)):
            nn.init.constant_(m.weight, 1)
            nn.init.constant_(m.bias, 0)
        elif isinstance(m, nn.Linear):
            nn.init.normal_(m.weight, 0, 0.01)
            nn.init.zeros_(m.bias)
    n = net[0].kernel_size[0] * net[0].kernel_size[1] * net[0].out_channels
    return [str(net), net[1].weight, net[4].bias, n, [tuple(p.shape) for p in net.parameters()]]


def variational_autoencoder(torch, nn, F):
    """Kingma and Welling, 2013; the noise is given."""

    class VAE(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.Sequential(nn.Conv2d(1, 4, 3, 2, 1), nn.SiLU(), nn.Flatten(1))
            self.mu, self.logvar = nn.Linear(64, 3), nn.Linear(64, 3)
            self.decoder = nn.Sequential(
                nn.Linear(3, 64), nn.Unflatten(1, (4, 4, 4)), nn.ELU(), nn.ConvTranspose2d(4, 1, 3, 2, 1, 1)
            )

        def forward(self, x, eps):
            h = self.encoder(x)
            mu, logvar = self.mu(h), self.logvar(h)
            z = mu + eps * torch.exp(0.5 * logvar)
            return self.decoder(z), mu, logvar

    net = filled(torch, VAE())
    x = torch.sigmoid(images(torch, 2, 1, 8, 8))
    logits, mu, logvar = net(x, images(torch, 2, 3))
    bce = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    (bce + kld).backward()
    return [bce, kld, [p.grad for p in net.parameters()]]


def perceptual_and_dice(torch, nn, F):
    """Losses of segmentation: soft Dice, focal, total variation."""
    logits = images(torch, 2, 3, 4, 4).requires_grad_()
    target = torch.tensor(whole(0, 3, 2, 4, 4))
    probs = F.softmax(logits, dim=1)
    onehot = F.one_hot(target, num_classes=3).permute(0, 3, 1, 2).type_as(probs)
    dims = (0, 2, 3)
    dice = (2.0 * torch.sum(probs * onehot, dims) + 1) / (torch.sum(probs + onehot, dims) + 1)
    ce = F.cross_entropy(logits, target, reduction="none")
    focal = ((1 - torch.exp(-ce)) ** 2 * ce).mean()
    tv = (probs[..., 1:, :] - probs[..., :-1, :]).abs().mean() + torch.diff(probs, dim=-1).abs().mean()
    loss = 1 - dice.mean() + focal + tv
    loss.backward()
    return [loss, logits.grad]


def contrastive(torch, nn, F):
    """Chen et al., 2020 (SimCLR): cosine similarities of all pairs."""
    z = images(torch, 6, 4).requires_grad_()
    similarity = F.cosine_similarity(z.unsqueeze(1), z.unsqueeze(0), dim=2)
    mask = torch.eye(6, dtype=torch.bool)
    similarity = similarity[~mask].view(6, -1) / 0.5
    loss = F.cross_entropy(similarity, torch.zeros(6, dtype=torch.long))
    normalised = F.normalize(z, dim=1)
    also = torch.logsumexp((normalised @ normalised.t()).fill_diagonal_(-1e9), dim=1).mean()
    (loss + also).backward()
    return [loss, also, z.grad]


# -------------------------------------------------------------- looking inside


def grad_cam(torch, nn, F):
    """Selvaraju et al., 2016, by hooks."""
    net = filled(
        torch,
        nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)),
    )
    kept = {}
    forward = net[1].register_forward_hook(lambda module, args, output: kept.update(activations=output))
    backward = net[1].register_full_backward_hook(lambda module, gi, go: kept.update(gradients=go[0]))
    scores = net(images(torch, 1, 1, 6, 6))
    scores[0, scores.argmax(dim=1).item()].backward()
    forward.remove()
    backward.remove()
    weights = kept["gradients"].mean(dim=(2, 3), keepdim=True)
    cam = F.relu((weights * kept["activations"]).sum(1, keepdim=True))
    cam = F.interpolate(cam, size=(12, 12), mode="bilinear", align_corners=False)
    return [(cam - cam.min()) / (cam.max() - cam.min() + 1e-9)]


def deep_dream_octaves(torch, nn, F):
    """Gradients by the image, at several sizes; total variation kept low by a blur."""
    conv = filled(torch, nn.Conv2d(1, 2, 3))
    image = images(torch, 1, 1, 8, 8)
    blur = torch.ones(1, 1, 3, 3, dtype=torch.float64) / 9
    for scale in (0.75, 1.0):
        image = F.interpolate(image, scale_factor=scale, mode="bicubic", align_corners=True).detach().requires_grad_()
        conv(image).norm().backward()
        g = image.grad
        image = (image + 0.1 * g / g.abs().mean().clamp(min=1e-8)).detach()
        image = F.conv2d(F.pad(image, (1, 1, 1, 1), mode="reflect"), blur)
    return [image]


def gram_matrices(torch, nn, F):
    """Gatys et al., 2015."""
    x = images(torch, 2, 3, 4, 5).requires_grad_()
    b, c, h, w = x.size()
    features = x.view(b, c, h * w)
    gram = torch.bmm(features, features.transpose(1, 2)).div(c * h * w)
    again = torch.einsum("bchw,bdhw->bcd", x, x) / (c * h * w)
    F.mse_loss(gram, torch.zeros_like(gram)).backward()
    return [gram, again, x.grad]


# ----------------------------------------------------------------- evaluation


def metrics(torch, nn, F):
    """Accuracies, a confusion matrix, intersections over unions, signal to noise."""
    output, target = images(torch, 20, 5), torch.tensor(whole(0, 5, 20))
    with torch.no_grad():
        maxk = 3
        _, pred = output.topk(maxk, 1, True, True)
        pred = pred.t()
        correct = pred.eq(target.view(1, -1).expand_as(pred))
        top = [correct[:k].reshape(-1).float().sum(0, keepdim=True).mul_(100.0 / 20) for k in (1, 3)]
    guessed = output.argmax(1)
    confusion = torch.bincount(target * 5 + guessed, minlength=25).reshape(5, 5)
    hits = torch.diag(confusion)
    iou = hits / (confusion.sum(0) + confusion.sum(1) - hits).clamp(min=1)
    a, b = torch.sigmoid(images(torch, 1, 1, 4, 4)), torch.sigmoid(images(torch, 1, 1, 4, 4, seed=8))
    psnr = 10 * torch.log10(1 / F.mse_loss(a, b))
    order = torch.argsort(output[:, 0], descending=True)
    precision = torch.cumsum((target[order] == 0).double(), 0) / torch.arange(1, 21)
    return [top, confusion, iou, psnr, precision, (guessed == target).sum().item(), torch.unique(target)]


def predictions_in_a_loop(torch, nn, F):
    """Collected, joined, counted: as evaluation loops do."""
    net = filled(torch, nn.Sequential(nn.Flatten(), nn.Linear(16, 3))).eval()
    outputs, labels = [], []
    for number in range(3):
        with torch.no_grad():
            outputs.append(net(images(torch, 2 + number, 1, 4, 4, seed=number)).cpu())
        labels.extend(whole(0, 3, 2 + number, seed=number).tolist())
    joined = torch.cat(outputs)
    probabilities = torch.softmax(joined, dim=1)
    confidence, guessed = probabilities.max(dim=1)
    wrong = (guessed != torch.tensor(labels)).nonzero(as_tuple=True)[0]
    return [
        confidence,
        guessed,
        wrong,
        joined.numpy().shape,
        torch.stack(outputs[0].unbind()).tolist() == outputs[0].tolist(),
    ]


# --------------------------------------------------------------- structure


def blocks_in_lists_and_dicts(torch, nn, F):
    """Names, nesting, freezing, replacing a head."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = nn.ModuleList([nn.Sequential(nn.Conv2d(c, 4, 3, padding=1), nn.GELU()) for c in (1, 4, 4)])
            self.heads = nn.ModuleDict({"a": nn.Linear(4, 2), "b": nn.Linear(4, 3)})
            self.register_buffer("scale", torch.tensor(2.0))

        def forward(self, x, head="a"):
            for i, block in enumerate(self.blocks):
                x = block(x) + (x if i else 0)
            return self.heads[head](x.mean(dim=[2, 3]) * self.scale)

    net = filled(torch, Net())
    for name, parameter in net.named_parameters():
        if name.startswith("blocks.0"):
            parameter.requires_grad = False
    net.heads["b"] = filled(torch, nn.Linear(4, 5), seed=4)
    y = net(images(torch, 2, 1, 4, 4), "b")
    y.sum().backward()
    frozen = [name for name, p in net.named_parameters() if p.grad is None]
    return [y, frozen, str(net), sum(p.numel() for p in net.parameters() if p.requires_grad), list(net.state_dict())]


def lookups_and_windows(torch, nn, F):
    """Tensor gymnastics: unfold by windows, roll, gather, scatter, masks, meshgrids."""
    x = images(torch, 1, 2, 6, 6).requires_grad_()
    patches = x.unfold(2, 2, 2).unfold(3, 2, 2).contiguous().view(1, 2, -1, 2, 2).permute(0, 2, 1, 3, 4)
    columns = F.unfold(x, kernel_size=3, padding=1)
    back = F.fold(columns, (6, 6), 3, padding=1)
    shifted = torch.roll(x, shifts=(-1, 1), dims=(2, 3))
    index = torch.tensor(whole(0, 6, 1, 2, 6, 3))
    chosen = x.gather(3, index)
    added = torch.zeros(1, 2, 6, 6, dtype=torch.float64).scatter_add_(3, index, chosen)
    yy, xx = torch.meshgrid(torch.arange(6), torch.arange(6), indexing="ij")
    disc = ((yy - 2.5) ** 2 + (xx - 2.5) ** 2) < 6
    masked = x.masked_select(disc).sum() + torch.where(disc, x, x.new_zeros(())).pow(2).sum()
    repeated = torch.repeat_interleave(x[0, 0], 2, dim=1).repeat(2, 1).flip(0).cumsum(1)
    loss = patches.square().mean() + back.mean() + (shifted * added).sum() + masked + repeated.mean()
    loss.backward()
    return [patches, columns, back, added, masked, repeated, x.grad]


IDIOMS = [
    squeeze_and_excitation, convolutional_block_attention, self_attention_over_places, patches_and_heads,
    mixup_and_soft_targets, gradient_penalty, accumulation_and_weight_groups, moving_average_of_weights,
    initialisation_by_kind, variational_autoencoder, perceptual_and_dice, contrastive, grad_cam, deep_dream_octaves,
    gram_matrices, metrics, predictions_in_a_loop, blocks_in_lists_and_dicts, lookups_and_windows,
]  # fmt: skip


@pytest.mark.parametrize("idiom", IDIOMS, ids=lambda idiom: idiom.__name__)
def test_idiom(idiom):
    ours, theirs = (idiom(library, library.nn, library.nn.functional) for library in (minigrad, torch))
    assert_same(ours, theirs, idiom.__name__, rtol=1e-8, atol=1e-10)
    assert any(array_of(one).size for one in theirs if isinstance(one, torch.Tensor)) or theirs
