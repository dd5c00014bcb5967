"""Complete little training scripts in PyTorch's words: the same text in both libraries, compared number for number."""

import re

import numpy as np
import pytest
import torch

import minigrad as mg
from minigrad import nn
from tests.torch_oracle.compare import assert_same, normal, whole
from tests.torch_oracle.sources import MODELS

CLASSIFICATION = """
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import optim
from torch.utils.data import DataLoader, TensorDataset

data = TensorDataset(torch.from_numpy(images), torch.from_numpy(labels))
train_loader = DataLoader(data, batch_size=8, shuffle=False)
test_loader = DataLoader(data, batch_size=5)

model = load(models.resnet18(num_classes=4, width=4), "resnet").double()
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
model.to(device)
optimizer = optim.SGD(model.parameters(), lr=0.02, momentum=0.9, weight_decay=5e-4)
criterion = nn.CrossEntropyLoss()

for epoch in range(3):
    model.train()
    running_loss = 0.0
    for inputs, targets in train_loader:
        inputs, targets = inputs.to(device), targets.to(device)
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = criterion(outputs, targets)
        loss.backward()
        optimizer.step()
        running_loss += loss.item() * inputs.size(0)
    report(running_loss / len(data))

    model.eval()
    correct = 0
    total = 0
    with torch.no_grad():
        for x, y in test_loader:
            pred = model(x.to(device))
            correct += (pred.argmax(1) == y).sum().item()
            total += y.size(0)
            report(F.cross_entropy(pred, y, reduction="sum").item())
    report(correct, total, 100.0 * correct / total)
    for group in optimizer.param_groups:
        group["lr"] *= 0.5
report(*model.state_dict().values())
"""

DCGAN = """
import torch
import torch.nn as nn
import torch.optim as optim

netG = load(models.DCGANGenerator(6, 1, width=3, image_size=16), "generator").double()
netD = load(models.DCGANDiscriminator(1, width=3, image_size=16), "discriminator").double()
criterion = nn.BCELoss()
optimizerD = optim.SGD(netD.parameters(), lr=0.05, momentum=0.5)
optimizerG = optim.SGD(netG.parameters(), lr=0.05, momentum=0.5)
fixed_noise = torch.tensor(noise[0])
real_label, fake_label = 1.0, 0.0

for step in range(3):
    # (1) log(D(x)) + log(1 - D(G(z)))
    netD.zero_grad()
    real = torch.tensor(images[step])
    b_size = real.size(0)
    label = torch.full((b_size,), real_label, dtype=torch.float64)
    output = netD(real).view(-1)
    errD_real = criterion(output, label)
    errD_real.backward()
    D_x = output.mean().item()

    fake = netG(torch.tensor(noise[step]))
    label.fill_(fake_label)
    output = netD(fake.detach()).view(-1)
    errD_fake = criterion(output, label)
    errD_fake.backward()
    D_G_z1 = output.mean().item()
    errD = errD_real + errD_fake
    optimizerD.step()

    # (2) log(D(G(z)))
    netG.zero_grad()
    label.fill_(real_label)
    output = netD(fake).view(-1)
    errG = criterion(output, label)
    errG.backward()
    D_G_z2 = output.mean().item()
    optimizerG.step()
    report(errD.item(), errG.item(), D_x, D_G_z1, D_G_z2)

with torch.no_grad():
    report(netG(fixed_noise).detach().cpu())
report(*netD.state_dict().values(), *netG.state_dict().values())
"""

SEGMENTATION = """
import torch
from torch import nn
from torch.optim import SGD

net = load(models.UNet(in_channels=1, num_classes=3, width=3, depth=2, bilinear=bilinear), f"unet {bilinear}").double()
loss_fn = nn.CrossEntropyLoss(weight=torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64), ignore_index=255)
opt = SGD(net.parameters(), lr=0.05, momentum=0.9, nesterov=True)

x = torch.as_tensor(images)
masks = torch.as_tensor(labels).long()
masks[0, :2] = 255
for epoch in range(4):
    logits = net(x)
    assert logits.shape == (len(x), 3, *masks.shape[1:])
    loss = loss_fn(logits, masks)
    opt.zero_grad(set_to_none=True)
    loss.backward()
    opt.step()
    report(loss.item())

net.eval()
with torch.no_grad():
    probabilities = torch.softmax(net(x), dim=1)
    predicted = probabilities.argmax(dim=1)
known = masks != 255
accuracy = (predicted[known] == masks[known]).float().mean()
for c in range(3):
    inter = ((predicted == c) & (masks == c)).sum().item()
    union = ((predicted == c) | (masks == c)).sum().item()
    report(inter / max(union, 1))
report(probabilities, predicted, accuracy.item(), *net.state_dict().values())
"""

AUTOENCODER = """
import torch
import torch.nn.functional as F

torch.manual_seed(0)
model = load(models.ConvAutoencoder(input_size=16, widths=(3, 5), latent_size=4), "autoencoder").double()
frozen = [p for name, p in model.named_parameters() if name.startswith("encoder.stages.0")]
for p in frozen:
    p.requires_grad = False
optimizer = torch.optim.SGD([
    {"params": [p for p in model.encoder.parameters() if p.requires_grad]},
    {"params": model.decoder.parameters(), "lr": 0.2},
], lr=0.1, momentum=0.9)
batches = torch.stack([torch.from_numpy(one) for one in images])
history = []
for epoch in range(4):
    total = 0.0
    for batch in batches:
        noisy = (batch + 0.1 * torch.ones_like(batch)).clamp(0.0, 1.0)
        loss = F.mse_loss(model(noisy), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    history.append(total / len(batches))
report(*history)

with torch.no_grad():
    z = model.encode(batches[0])
    between = torch.lerp(z[0], z[1], 0.5).unsqueeze(0)
    report(z, model.decode(between), float(F.l1_loss(model(batches[1]), batches[1])))
assert all(p.grad is None for p in frozen)
report(*model.state_dict().values())
"""

MOBILE = """
import torch
from torch import nn

class Head(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone
        self.backbone.classifier = nn.Identity()
        self.norm = nn.LayerNorm(8)
        self.fc = nn.Sequential(nn.Linear(8, 6), nn.Hardswish(), nn.Linear(6, 1))

    def forward(self, x):
        return self.fc(self.norm(self.backbone(x))).squeeze(1)

backbone = models.MobileNetV2(4, width_mult=0.25, round_nearest=2, last_channel=8, dropout=0.0)
model = load(Head(backbone), "mobile").double()
for module in model.modules():
    if isinstance(module, nn.BatchNorm2d):
        module.momentum = 0.2
criterion = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(2.0, dtype=torch.float64))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
x, y = torch.tensor(images), torch.tensor(labels, dtype=torch.float64)
accumulate = 2
for step in range(4):
    loss = criterion(model(x), y) / accumulate
    loss.backward()
    if (step + 1) % accumulate == 0:
        norm = torch.sqrt(sum((p.grad ** 2).sum() for p in model.parameters()))
        for p in model.parameters():
            p.grad.mul_(torch.clamp(1.0 / (norm + 1e-6), max=1.0))
        optimizer.step()
        optimizer.zero_grad()
        report(norm.item())
    report(loss.item())
model.eval()
report(torch.sigmoid(model(x)).detach().round().sum().item(), *model.state_dict().values())
"""


def in_minigrad(script):
    """The script with minigrad imported under PyTorch's name."""
    script = re.sub(r"^import torch$", "import minigrad as torch", script, flags=re.MULTILINE)
    return re.sub(r"^(import|from) torch\b", r"\1 minigrad", script, flags=re.MULTILINE)


def run(script, library, weights, **data):
    """Everything that the script reports; PyTorch's run, which comes first, gives the initial weights."""
    reported = []

    def load(model, name):
        if name in weights:
            model.load_state_dict(weights[name])
        else:
            weights[name] = {key: value.numpy().copy() for key, value in model.state_dict().items()}
        return model

    text = script if library is torch else in_minigrad(script)
    models = MODELS if library is torch else nn.models
    names = {"models": models, "load": load, "report": lambda *values: reported.extend(values)}
    exec(compile(text, f"<script in {library.__name__}>", "exec"), names | data)
    return reported


def pixels(*shape):
    """Values from 0 to 1 with some structure."""
    return np.clip(normal(*shape) * 0.3 + 0.5, 0, 1)


SCRIPTS = {
    "classification": (CLASSIFICATION, {"images": normal(20, 3, 64, 64), "labels": whole(0, 4, 20)}),
    "dcgan": (DCGAN, {"images": np.tanh(normal(3, 4, 1, 16, 16)), "noise": normal(3, 4, 6, 1, 1)}),
    "segmentation": (
        SEGMENTATION, {"images": normal(3, 1, 16, 20), "labels": whole(0, 3, 3, 16, 20), "bilinear": False},
    ),
    "segmentation, bilinear": (
        SEGMENTATION, {"images": normal(3, 1, 16, 20), "labels": whole(0, 3, 3, 16, 20), "bilinear": True},
    ),
    "autoencoder": (AUTOENCODER, {"images": pixels(3, 4, 1, 16, 16)}),
    "fine-tuning": (MOBILE, {"images": normal(6, 3, 64, 64), "labels": whole(0, 2, 6)}),
}  # fmt: skip


@pytest.mark.parametrize("name", SCRIPTS)
def test_script(name):
    script, data = SCRIPTS[name]
    weights = {}
    theirs = run(script, torch, weights, **data)
    ours = run(script, mg, weights, **data)
    assert len(ours) == len(theirs) > 4
    for number, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        if isinstance(b, float | int):
            assert type(a) is type(b), f"{name}, report {number}: {a!r} and {b!r}"
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-12, err_msg=f"{name}, report {number}")
        else:
            assert_same(a, b, f"{name}, report {number}", 1e-7, 1e-9)


def test_a_script_changes_its_imports_only():
    assert in_minigrad("import torch\nimport torch.nn as nn\nfrom torch import nn\nx = torch.ones(1)\n") == (
        "import minigrad as torch\nimport minigrad.nn as nn\nfrom minigrad import nn\nx = torch.ones(1)\n"
    )
