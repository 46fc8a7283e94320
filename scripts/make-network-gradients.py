"""Writes src/autodiff/fixtures/<network>.onnx and networks.{jsonl,bin}: loss and gradients of small whole networks by PyTorch, float64.

Usage: pip install torch onnx onnxscript numpy; python scripts/make-network-gradients.py

Networks of the families that assay fine-tunes, random weights, exported as PyTorch's users do. Of gradients with more than 64 numbers
every so-manieth is kept, and the norm of all.
"""

import io
import json
import math
import warnings
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

OUT = Path(__file__).resolve().parent.parent / "src" / "autodiff" / "fixtures"
CLASSES = 5
SAMPLES = 64


def conv_norm(c: int, m: int, k: int, stride: int = 1, group: int = 1, act: nn.Module | None = None) -> nn.Sequential:
    layers = [nn.Conv2d(c, m, k, stride, k // 2, groups=group, bias=False), nn.BatchNorm2d(m)]
    return nn.Sequential(*layers, *([act] if act else []))


class SamePad(nn.Module):
    """TensorFlow's SAME at stride 2 on even sizes: one more side at the end."""

    def __init__(self, k: int):
        super().__init__()
        self.k = k

    def forward(self, x):
        total = self.k - 2
        return F.pad(x, (total // 2, total - total // 2, total // 2, total - total // 2))


class InvertedResidual(nn.Module):
    def __init__(self, c: int, m: int, k: int, stride: int, act: type[nn.Module], squeeze: int = 0, same: bool = False):
        super().__init__()
        wide = 3 * c
        self.expand = conv_norm(c, wide, 1, act=act())
        self.pad = SamePad(k) if same and stride == 2 else nn.Identity()
        self.depthwise = conv_norm(wide, wide, k, stride, wide, act())
        if same and stride == 2:
            self.depthwise[0].padding = (0, 0)
        self.squeeze = (
            nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(wide, squeeze, 1), nn.SiLU(), nn.Conv2d(squeeze, wide, 1), nn.Sigmoid())
            if squeeze
            else None
        )
        self.project = conv_norm(wide, m, 1)
        self.residual = stride == 1 and c == m

    def forward(self, x):
        y = self.depthwise(self.pad(self.expand(x)))
        if self.squeeze is not None:
            y = y * self.squeeze(y)
        y = self.project(y)
        return x + y if self.residual else y


class Classifier(nn.Module):
    def __init__(self, body: nn.Module, width: int, pool=lambda x: F.adaptive_avg_pool2d(x, 1).flatten(1)):
        super().__init__()
        self.body = body
        self.pool = pool
        self.head = nn.Linear(width, CLASSES)

    def forward(self, x):
        return self.head(self.pool(self.body(x)))


def mobilenetv2() -> nn.Module:
    block = lambda *sizes: InvertedResidual(*sizes, nn.ReLU6)
    return Classifier(nn.Sequential(conv_norm(3, 8, 3, 2, act=nn.ReLU6()), block(8, 8, 3, 1), block(8, 12, 3, 2), block(12, 12, 3, 1)), 12)


def efficientnet() -> nn.Module:
    block = lambda *sizes: InvertedResidual(*sizes, nn.SiLU, 4, True)
    return Classifier(nn.Sequential(conv_norm(3, 8, 3, 2, act=nn.SiLU()), block(8, 8, 3, 1), block(8, 12, 5, 2), block(12, 12, 5, 1)), 12)


class Bottleneck(nn.Module):
    def __init__(self, c: int, inner: int, stride: int):
        super().__init__()
        out = 4 * inner
        self.one = conv_norm(c, inner, 1, act=nn.ReLU())
        self.two = conv_norm(inner, inner, 3, stride, act=nn.ReLU())
        self.three = conv_norm(inner, out, 1)
        self.short = conv_norm(c, out, 1, stride) if stride > 1 or c != out else nn.Identity()

    def forward(self, x):
        return F.relu(self.three(self.two(self.one(x))) + self.short(x))


def resnet50() -> nn.Module:
    stem = nn.Sequential(nn.Conv2d(3, 8, 7, 2, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
    return Classifier(nn.Sequential(stem, Bottleneck(8, 4, 1), Bottleneck(16, 4, 1), Bottleneck(16, 8, 2)), 32)


class LayerNorm2d(nn.Module):
    def __init__(self, c: int):
        super().__init__()
        self.norm = nn.LayerNorm(c, eps=1e-6)

    def forward(self, x):
        return self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ConvNeXtBlock(nn.Module):
    def __init__(self, c: int):
        super().__init__()
        self.depthwise = nn.Conv2d(c, c, 7, padding=3, groups=c)
        self.norm = nn.LayerNorm(c, eps=1e-6)
        self.one = nn.Linear(c, 4 * c)
        self.two = nn.Linear(4 * c, c)
        self.gamma = nn.Parameter(torch.full((c,), 0.5))

    def forward(self, x):
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        y = self.gamma * self.two(F.gelu(self.one(y)))
        return x + y.permute(0, 3, 1, 2)


def convnext() -> nn.Module:
    stem = nn.Sequential(nn.Conv2d(3, 8, 4, 4), LayerNorm2d(8))
    down = nn.Sequential(LayerNorm2d(8), nn.Conv2d(8, 12, 2, 2))
    return Classifier(nn.Sequential(stem, ConvNeXtBlock(8), down, ConvNeXtBlock(12)), 12, lambda x: x.mean((-2, -1)))


class Attention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x):
        n, t, c = x.shape
        q, k, v = self.qkv(x).reshape(n, t, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        weights = ((q * (c // self.heads) ** -0.5) @ k.transpose(-2, -1)).softmax(-1)
        return self.out((weights @ v).transpose(1, 2).reshape(n, t, c))


class ViTBlock(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, 2)
        self.one, self.two = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.two(F.gelu(self.one(self.norm2(x))))


class ViT(nn.Module):
    def __init__(self, width: int = 16):
        super().__init__()
        self.patch = nn.Conv2d(3, width, 8, 8)
        self.token = nn.Parameter(torch.randn(1, 1, width))
        self.position = nn.Parameter(torch.randn(1, 17, width) * 0.5)
        self.blocks = nn.Sequential(ViTBlock(width), ViTBlock(width))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, CLASSES)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.position
        return self.head(self.norm(self.blocks(x))[:, 0])


def vit() -> nn.Module:
    return ViT()


def stream(seed: int, count: int) -> np.ndarray:
    """Xorshift32, as in make-operator-gradients.py."""
    state = (seed * 2654435761 + 1) % 2**32
    numbers = np.empty(count)
    for i in range(-8, count):
        state ^= (state << 13) % 2**32
        state ^= state >> 17
        state ^= (state << 5) % 2**32
        if i >= 0:
            numbers[i] = (state >> 20) / 4096
    return numbers


def randomize(model: nn.Module) -> None:
    """Sizes as after training: norms that scale and shift, statistics that are not 0 and 1."""
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm2d, nn.LayerNorm)):
            nn.init.uniform_(module.weight, 0.6, 1.4)
            nn.init.uniform_(module.bias, -0.3, 0.5)
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.3, 0.3)
            nn.init.uniform_(module.running_var, 0.5, 1.5)


LOSSES = {
    "mobilenetv2": {"reduction": "mean", "labelSmoothing": 0.1},
    "efficientnet": {"reduction": "mean", "classWeights": [0.5, 1, 2, 1.5, 0.75], "labelSmoothing": 0.05},
    "resnet50": {"reduction": "sum", "logitAdjustment": [-1.5, -0.5, 0.25, -2, -1]},
    "convnext": {"reduction": "mean", "soft": True, "labelSmoothing": 0.1},
    "vit": {"reduction": "sum", "soft": True, "classWeights": [0.5, 1, 2, 1.5, 0.75]},
}


def loss_of(logits: torch.Tensor, settings: dict) -> torch.Tensor:
    n = logits.shape[0]
    adjustment = settings.get("logitAdjustment")
    if adjustment:
        logits = logits + torch.tensor(adjustment, dtype=logits.dtype)
    weights = settings.get("classWeights")
    if settings.get("soft"):
        raw = torch.tensor(stream(99, n * CLASSES).reshape(n, CLASSES), dtype=logits.dtype) + 0.125
        targets = raw / raw.sum(1, keepdim=True)
        # What the graph is fed is float32.
        targets = targets.float().to(logits.dtype)
    else:
        targets = torch.arange(n) * 2 % CLASSES
    return F.cross_entropy(
        logits,
        targets,
        weight=None if weights is None else torch.tensor(weights, dtype=logits.dtype),
        label_smoothing=settings.get("labelSmoothing", 0),
        reduction=settings["reduction"],
    )


def differentiate(model: nn.Module, image: np.ndarray, settings: dict, dtype: torch.dtype) -> tuple[float, dict]:
    model = model.to(dtype)
    model.zero_grad()
    loss = loss_of(model(torch.tensor(image, dtype=dtype)), settings)
    loss.backward()
    return loss.item(), {name: p.grad.double().numpy().copy() for name, p in model.named_parameters()}


def export(model: nn.Module, path: Path, modern: bool) -> None:
    image = torch.zeros(2, 3, 32, 32)
    options = {"input_names": ["image"], "output_names": ["logits"]}
    buffer = io.BytesIO()
    if modern:
        program = torch.onnx.export(
            model, (image,), dynamo=True, opset_version=18, dynamic_shapes=({0: torch.export.Dim("n")},), optimize=False, verbose=False, **options
        )
        program.save(buffer)
    else:
        torch.onnx.export(
            model, (image,), buffer, dynamo=False, opset_version=17, do_constant_folding=False,
            training=torch.onnx.TrainingMode.PRESERVE, dynamic_axes={"image": {0: "n"}, "logits": {0: "n"}}, **options,
        )  # fmt: skip
    import onnx

    proto = onnx.load_from_string(buffer.getvalue())
    for node in proto.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for value in [*proto.graph.value_info, *proto.graph.input, *proto.graph.output]:
        del value.metadata_props[:]
    del proto.graph.value_info[:]
    for tensor in proto.graph.initializer:
        del tensor.metadata_props[:]
    path.write_bytes(proto.SerializeToString())


def main() -> None:
    warnings.simplefilter("ignore")
    networks, numbers = {}, []
    for index, make in enumerate((mobilenetv2, efficientnet, resnet50, convnext, vit)):
        name = make.__name__
        settings = LOSSES[name]
        image = (stream(7 + index, 3 * 3 * 32 * 32) * 4 - 2).astype(np.float32).reshape(3, 3, 32, 32)
        for seed in range(100):
            torch.manual_seed(seed)
            model = make()
            randomize(model)
            model.eval()
            state = {key: value.clone() for key, value in model.state_dict().items()}
            _, single = differentiate(model, image, settings, torch.float32)
            loss, gradients = differentiate(model, image, settings, torch.float64)
            scales = {key: np.abs(value).max() for key, value in gradients.items()}
            worst = max(np.abs(single[key] - value).max() / scales[key] for key, value in gradients.items() if scales[key] > 1e-9)
            if worst < 2e-5:  # no activation so near a kink that float32 takes the other side
                break
        model = make()
        model.load_state_dict(state)
        model.eval()
        export(model, OUT / f"{name}.onnx", modern=name in ("convnext",))
        entries = []
        for key, gradient in gradients.items():
            flat = gradient.ravel()
            step = max(1, math.ceil(flat.size / SAMPLES))
            sample = flat[::step]
            numbers.append(sample.astype(np.float32))
            entries.append({"name": key, "dims": list(gradient.shape), "step": step, "norm": float(np.linalg.norm(flat))})
        networks[name] = {"loss": loss, "settings": settings, "imageSeed": 7 + index, "gradients": entries}
        parameters = sum(p.numel() for p in model.parameters())
        print(name, f"seed {seed}, loss {loss:.6f}, float32 differs by {worst:.1e}, {parameters} parameters")
    lines = [json.dumps({"network": name, **one}, separators=(",", ":")) for name, one in networks.items()]
    (OUT / "networks.jsonl").write_text("\n".join(lines) + "\n")
    np.concatenate(numbers).astype("<f4").tofile(OUT / "networks.bin")


main()
