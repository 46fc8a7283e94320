"""Writes src/autodiff/fixtures/operators.{jsonl,bin}: gradients of single operators by PyTorch in float64.

Usage: pip install torch numpy; python scripts/make-operator-gradients.py

Each case is an ONNX node in JSON, whose inputs are made by a formula (see `values`) so that they need no room. The loss is
sum(y * c) over all outputs, c made by the same formula. The gradients lie one after the other in the .bin file, as float32.
"""

import itertools
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

OUT = Path(__file__).resolve().parent.parent / "src" / "autodiff" / "fixtures"

CASES = []
GRADIENTS = []


def stream(seed: int, count: int) -> np.ndarray:
    """Xorshift32 (Marsaglia 2003), numbers in [0, 1) with 12 bits."""
    state = (seed * 2654435761 + 1) % 2**32
    numbers = np.empty(count)
    for i in range(-8, count):
        state ^= (state << 13) % 2**32
        state ^= state >> 17
        state ^= (state << 5) % 2**32
        if i >= 0:
            numbers[i] = (state >> 20) / 4096
    return numbers


def values(spec: dict) -> np.ndarray:
    """The numbers of an input, in float32 precision."""
    dims = spec["dims"]
    count = int(np.prod(dims))
    if "values" in spec:
        return np.array(spec["values"], np.float64).reshape(dims)
    numbers = stream(spec["seed"], count)
    if spec.get("distinct"):  # no two closer than 1/16
        order = np.argsort(numbers, kind="stable")
        ranks = np.empty(count)
        ranks[order] = np.arange(count)
        return ((ranks - (count >> 1)) / 16).reshape(dims)
    low, high = spec.get("low", -1), spec.get("high", 1)
    numbers = low + (high - low) * numbers
    for kink in spec.get("kinks", []):
        numbers = np.where(np.abs(numbers - kink) < 0.0625, numbers + 0.125, numbers)
    return numbers.astype(np.float32).astype(np.float64).reshape(dims)


def tensor(dims, role="weight", **spec) -> dict:
    """role: input (a graph input with a free batch), weight (an initializer); both have gradients; constant has none."""
    return {"role": role, "dims": list(dims), **spec}


def picture(dims, **spec) -> dict:
    return tensor(dims, "input", **spec)


def ints(numbers) -> dict:
    numbers = list(np.atleast_1d(numbers).tolist())
    return {"role": "constant", "type": "int64", "dims": [len(numbers)], "values": numbers}


def scalar_int(number) -> dict:
    return {"role": "constant", "type": "int64", "dims": [], "values": [number]}


def floats(numbers, dims=None) -> dict:
    return {"role": "constant", "dims": [len(numbers)] if dims is None else dims, "values": list(numbers)}


LEFT_OUT = {"role": "none"}


def case(op: str, inputs: list, attributes: dict, forward, opset: int = 17) -> None:
    seed = len(CASES) * 16
    arrays = []
    for i, spec in enumerate(inputs):
        if "role" in spec and spec["role"] != "none" and "values" not in spec:
            spec["seed"] = seed + i + 1
        arrays.append(None if spec["role"] == "none" else values(spec))
    tensors = [None if array is None else torch.tensor(array) for array in arrays]
    wanted = [t for spec, t in zip(inputs, tensors) if spec["role"] in ("input", "weight")]
    for t in wanted:
        t.requires_grad_()
    outputs = forward(*tensors)
    outputs = outputs if isinstance(outputs, (tuple, list)) else [outputs]
    loss = 0
    for k, y in enumerate(outputs):
        if y is not None:
            loss = loss + (y * torch.tensor(values({"dims": list(y.shape), "seed": seed + 10 + k}))).sum()
    loss.backward()
    for t in wanted:
        GRADIENTS.append(t.grad.numpy().astype(np.float32).ravel())
    shapes = [None if y is None else list(y.shape) for y in outputs]
    CASES.append(
        {"op": op, "opset": opset, "seed": seed, "inputs": inputs, "attributes": attributes, "outputs": shapes, "loss": loss.item()}
    )


def same(size, stride, reach, upper):
    total = max(0, (-(-size // stride) - 1) * stride + reach - size)
    less = total // 2
    return (less, total - less) if upper else (total - less, less)


def convolutions() -> None:
    groupings = {"dense": (3, 4, 1), "depthwise": (4, 4, 4), "grouped": (4, 6, 2), "multiplier": (3, 6, 3)}
    geometries = [
        # kernel, stride, dilation, pads (top, left, bottom, right) or auto_pad
        ((1, 1), (1, 1), (1, 1), (0, 0, 0, 0)),
        ((1, 1), (2, 2), (1, 1), (0, 0, 0, 0)),
        ((1, 1), (1, 1), (1, 1), (1, 0, 0, 1)),
        ((3, 3), (1, 1), (1, 1), (1, 1, 1, 1)),
        ((3, 3), (2, 2), (1, 1), (1, 1, 1, 1)),
        ((3, 3), (2, 2), (1, 1), (0, 0, 1, 1)),
        ((3, 3), (2, 2), (1, 1), "SAME_UPPER"),
        ((3, 3), (2, 2), (1, 1), "SAME_LOWER"),
        ((5, 5), (1, 1), (1, 1), (2, 2, 2, 2)),
        ((5, 5), (2, 2), (1, 1), "SAME_UPPER"),
        ((3, 3), (3, 3), (1, 1), (0, 0, 0, 0)),
        ((3, 2), (2, 1), (1, 2), (2, 0, 1, 1)),
        ((3, 3), (1, 1), (2, 2), (2, 2, 2, 2)),
        ((3, 3), (2, 2), (2, 2), (2, 2, 2, 2)),
        ((2, 3), (1, 2), (1, 1), "VALID"),
        ((4, 4), (4, 4), (1, 1), (0, 0, 0, 0)),
        ((3, 3), (1, 1), (1, 1), (3, 3, 3, 3)),
        ((7, 7), (2, 2), (1, 1), (3, 3, 3, 3)),
        ((1, 1), (3, 2), (1, 1), (0, 0, 0, 0)),
    ]
    sizes = [(8, 9), (7, 8)]
    for (name, (c, m, group)), geometry, (h, w) in itertools.product(groupings.items(), geometries, sizes):
        if name in ("grouped", "multiplier") and (h, w) == sizes[1]:
            continue
        convolution(2, c, m, group, (h, w), geometry, bias=name == "dense")
    # Channels that fill the blocks of the CPU's own layout.
    for geometry in geometries[3:11] + geometries[12:14]:
        convolution(2, 16, 16, 16, (7, 6), geometry, bias=True)
    convolution(1, 32, 32, 32, (6, 6), geometries[9], bias=False)
    convolution(3, 16, 16, 16, (6, 7), geometries[6], bias=False)
    convolution(1, 16, 32, 1, (5, 5), geometries[3], bias=False)
    convolution(2, 16, 16, 1, (6, 6), geometries[6], bias=True)
    convolution(2, 16, 8, 1, (4, 4), geometries[0], bias=True)


def convolution(n, c, m, group, size, geometry, bias) -> None:
    kernel, stride, dilation, pads = geometry
    attributes = {"group": group, "strides": list(stride), "dilations": list(dilation), "kernel_shape": list(kernel)}
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, kernel)]
    if pads == "VALID":
        edges = [(0, 0), (0, 0)]
    elif isinstance(pads, str):
        edges = [same(s, st, r, pads == "SAME_UPPER") for s, st, r in zip(size, stride, reach)]
    else:
        edges = [(pads[0], pads[2]), (pads[1], pads[3])]
    if isinstance(pads, str):
        if pads != "VALID" and dilation != (1, 1):
            return
        attributes["auto_pad"] = pads
    else:
        attributes["pads"] = list(pads)
    (top, bottom), (left, right) = edges

    def forward(x, w, b=None):
        return F.conv2d(F.pad(x, (left, right, top, bottom)), w, b, stride, 0, dilation, group)

    inputs = [picture((n, c, *size)), tensor((m, c // group, *kernel))] + ([tensor((m,))] if bias else [])
    case("Conv", inputs, attributes, forward)


def arithmetic() -> None:
    shapes = [((2, 3, 4), (2, 3, 4)), ((2, 3, 4), (3, 1)), ((2, 3, 4), (4,)), ((2, 3, 4), ()), ((2, 1, 4), (1, 3, 1)), ((2, 4), (3, 2, 4))]
    operations = {"Add": torch.add, "Sub": torch.sub, "Mul": torch.mul, "Div": torch.div, "Pow": torch.pow}
    for (op, forward), (a, b) in itertools.product(operations.items(), shapes):
        positive = {"low": 0.5, "high": 2} if op in ("Div", "Pow") else {}
        batch = picture if a[0] == 2 and len(a) >= len(b) else tensor
        case(op, [batch(a, **(positive if op == "Pow" else {})), (picture if a == b else tensor)(b, **positive)], {}, forward)
    case("Mul", [tensor((4,)), picture((2, 3, 4))], {}, torch.mul)
    case("Div", [tensor((4,)), picture((2, 3, 4), low=0.5, high=2)], {}, torch.div)
    case("Sub", [tensor((3, 1)), picture((2, 3, 4))], {}, torch.sub)
    for exponent in (2.0, 3.0, 0.5, -1.0):
        signs = {} if exponent in (2.0, 3.0) else {"low": 0.25, "high": 2}
        case("Pow", [picture((2, 5), **signs), floats([exponent], [])], {}, lambda x, p: x ** float(p))
    case("Sum", [picture((2, 3)), tensor((3,)), tensor((1, 3))], {}, lambda a, b, c: a + b + c)
    positive = {"low": 0.25, "high": 3}
    for op, forward, spec in [
        ("Sqrt", torch.sqrt, positive),
        ("Reciprocal", torch.reciprocal, positive),
        ("Exp", torch.exp, {}),
        ("Log", torch.log, positive),
        ("Neg", torch.neg, {}),
        ("Abs", torch.abs, {"kinks": [0]}),
    ]:
        case(op, [picture((3, 4, 2), **spec)], {}, forward)
        case(op, [tensor((5,), **spec)], {}, forward)
    condition = {"role": "constant", "type": "bool", "dims": [2, 3], "values": [1, 0, 0, 1, 1, 0]}
    case("Where", [condition, tensor((2, 3)), tensor((3,))], {}, lambda c, a, b: torch.where(c > 0, a, b))


def activations() -> None:
    wide = {"low": -4, "high": 4}
    for op, attributes, forward, spec in [
        ("Relu", {}, F.relu, {"kinks": [0]}),
        ("LeakyRelu", {"alpha": {"float": 0.25}}, lambda x: F.leaky_relu(x, 0.25), {"kinks": [0]}),
        ("LeakyRelu", {}, lambda x: F.leaky_relu(x, float(np.float32(0.01))), {"kinks": [0]}),
        ("Sigmoid", {}, torch.sigmoid, {}),
        ("HardSigmoid", {}, lambda x: torch.clamp(float(np.float32(0.2)) * x + 0.5, 0, 1), {"kinks": [-2.5, 2.5]}),
        ("HardSigmoid", {"alpha": {"float": 1 / 6}, "beta": {"float": 0.5}}, lambda x: F.hardsigmoid(x), {"kinks": [-3, 3]}),
        ("HardSwish", {}, F.hardswish, {"kinks": [-3, 3]}),
        ("Tanh", {}, torch.tanh, {}),
        ("Erf", {}, torch.erf, {}),
    ]:
        case(op, [picture((2, 3, 4, 3), **wide, **spec)], attributes, forward)
        case(op, [picture((3, 7), **wide, **spec)], attributes, forward)
    for approximate in ("none", "tanh"):
        case("Gelu", [picture((3, 8), **wide)], {"approximate": approximate}, lambda x: F.gelu(x, approximate=approximate), 20)
    case("Gelu", [picture((2, 3, 4), **wide)], {}, F.gelu, 20)
    for low, high in [(0.0, 6.0), (-1.0, 2.0), (0.0, None), (None, 1.0)]:
        kinks = [k for k in (low, high) if k is not None]
        bounds = [LEFT_OUT if k is None else floats([k], []) for k in (low, high)]
        inputs = [picture((2, 3, 5, 2), low=-4, high=9, kinks=kinks), *bounds]
        case("Clip", inputs, {}, lambda x, *_: torch.clamp(x, low, high))
    for op, forward in [("Softmax", torch.softmax), ("LogSoftmax", torch.log_softmax)]:
        for dims, axis in [((3, 5), -1), ((2, 3, 4), 1), ((2, 3, 4), 2), ((2, 2, 3, 4), -1), ((2, 2, 3, 4), 1)]:
            case(op, [picture(dims, low=-3, high=3)], {"axis": axis}, lambda x: forward(x, axis))
        case(op, [picture((2, 4))], {}, lambda x: forward(x, -1))


def reductions() -> None:
    for dims, axes, keep in [
        ((2, 3, 4), [1], 1), ((2, 3, 4), [1], 0), ((2, 3, 4), [-1], 0), ((2, 3, 4), [0, 2], 1), ((2, 3, 4), [0, 2], 0),
        ((2, 3, 4, 2), [2, 3], 0), ((2, 3, 4, 2), [2, 3], 1), ((3, 4), None, 0), ((3, 4), None, 1),
    ]:  # fmt: skip
        dim = list(range(len(dims))) if axes is None else axes
        for op, forward, spec in [
            ("ReduceSum", torch.sum, {}),
            ("ReduceMean", torch.mean, {}),
            ("ReduceMax", torch.amax, {"distinct": True}),
        ]:
            inner = lambda x, *_: forward(x, dim=dim, keepdim=bool(keep))
            for opset in (17, 18):
                if opset == 18 and op == "ReduceSum":
                    continue
                own = opset == 17 and op != "ReduceSum"
                extra = [] if axes is None or own else [ints(axes)]
                attributes = {"keepdims": keep, **({"axes": axes} if own and axes is not None else {})}
                case(op, [picture(dims, **spec), *extra], attributes, inner, opset)


def matrices() -> None:
    for a, b in [
        ((3, 4), (4, 5)), ((2, 3, 4), (4, 5)), ((2, 3, 4), (2, 4, 5)), ((2, 2, 3, 4), (4, 2)), ((2, 2, 3, 4), (2, 2, 4, 3)),
        ((2, 3, 3, 4), (3, 4, 2)), ((2, 1, 3, 4), (3, 4, 2)), ((3, 4), (2, 4, 5)),
    ]:  # fmt: skip
        left = tensor if a == (3, 4) and len(b) == 3 else picture
        right = picture if len(a) == len(b) and b[0] == 2 else tensor
        case("MatMul", [left(a), right(b)], {}, torch.matmul)
    case("MatMul", [tensor((4, 3)), picture((2, 3, 5))], {}, torch.matmul)
    for ta, tb in itertools.product((0, 1), repeat=2):
        for c in [(5,), (3, 5), (3, 1), ()]:
            inputs = [tensor((4, 3) if ta else (3, 4)), tensor((5, 4) if tb else (4, 5)), tensor(c)]
            forward = lambda a, b, c: 0.5 * (a.T if ta else a) @ (b.T if tb else b) + 2 * c
            case("Gemm", inputs, {"transA": ta, "transB": tb, "alpha": {"float": 0.5}, "beta": {"float": 2.0}}, forward)
    case("Gemm", [picture((3, 4)), tensor((5, 4)), tensor((5,))], {"transB": 1}, lambda a, b, c: a @ b.T + c)
    case("Gemm", [picture((3, 4)), tensor((4, 2))], {}, lambda a, b: a @ b)


def pools() -> None:
    case("GlobalAveragePool", [picture((2, 3, 4, 5))], {}, lambda x: x.mean((2, 3), keepdim=True))
    case("GlobalAveragePool", [picture((1, 2, 7, 7))], {}, lambda x: x.mean((2, 3), keepdim=True))
    for kernel, stride, pads, ceil in [
        ((2, 2), (2, 2), (0, 0), 0), ((3, 3), (2, 2), (1, 1), 0), ((3, 3), (1, 1), (1, 1), 0), ((3, 2), (2, 1), (1, 0), 0),
        ((3, 3), (2, 2), (0, 0), 1), ((2, 2), (3, 3), (0, 0), 0), ((3, 3), (2, 2), (1, 1), 1), ((5, 5), (3, 3), (2, 2), 0),
    ]:  # fmt: skip
        for size in [(6, 7), (7, 8)]:
            attributes = {"kernel_shape": list(kernel), "strides": list(stride), "pads": [*pads, *pads], "ceil_mode": ceil}
            case("MaxPool", [picture((2, 2, *size), distinct=True)], attributes, lambda x: F.max_pool2d(x, kernel, stride, pads, 1, bool(ceil)))
            for include in (0, 1):
                # ONNX and PyTorch count windows beyond the padding differently.
                if ceil and include:
                    continue
                case(
                    "AveragePool", [picture((2, 2, *size))], {**attributes, "count_include_pad": include},
                    lambda x: F.avg_pool2d(x, kernel, stride, pads, bool(ceil), bool(include)),
                )  # fmt: skip
    # Overlapping, and padded on one side, as TensorFlow does.
    attributes = {"kernel_shape": [3, 3], "strides": [2, 2], "auto_pad": "SAME_UPPER"}
    pad = lambda x, value: F.pad(x, (0, 1, 0, 1), value=value)
    case("MaxPool", [picture((2, 2, 8, 6), distinct=True)], attributes, lambda x: F.max_pool2d(pad(x, -1e9), 3, 2))
    case("MaxPool", [picture((1, 3, 7, 7), distinct=True)], {"kernel_shape": [3, 3], "dilations": [2, 2]}, lambda x: F.max_pool2d(x, 3, 1, 0, 2))
    # Equal values: the first of a window takes it all.
    ties = tensor((1, 1, 4, 4), values=[1, 1, 0, 2, 1, 1, 2, 2, 0, 0, 0, 0, 0, 3, 0, 0])
    case("MaxPool", [ties], {"kernel_shape": [2, 2], "strides": [2, 2]}, lambda x: F.max_pool2d(x, 2, 2))


def normalizations() -> None:
    for dims in [(2, 3, 4, 5), (3, 4), (2, 3, 5)]:
        c = dims[1]
        inputs = [picture(dims), tensor((c,)), tensor((c,)), tensor((c,)), tensor((c,), low=0.5, high=2)]
        for epsilon in (1e-5, 1e-3):
            eps = float(np.float32(epsilon))
            shape = [c] + [1] * (len(dims) - 2)
            forward = lambda x, s, b, m, v: s.view(shape) * (x - m.view(shape)) / torch.sqrt(v.view(shape) + eps) + b.view(shape)
            case("BatchNormalization", [dict(i) for i in inputs], {"epsilon": {"float": epsilon}}, forward)
    for dims, axis in [((3, 8), -1), ((2, 3, 6), -1), ((2, 3, 6), 1), ((2, 2, 3, 4), 2), ((2, 4, 3, 5), -1)]:
        shape = dims[axis:] if axis >= 0 else dims[axis:]
        eps = float(np.float32(1e-6))
        inputs = [picture(dims), tensor(shape), tensor(shape)]
        case("LayerNormalization", inputs, {"axis": axis, "epsilon": {"float": 1e-6}}, lambda x, s, b: F.layer_norm(x, shape, s, b, eps))
    case("LayerNormalization", [picture((2, 5)), tensor((5,))], {}, lambda x, s: F.layer_norm(x, (5,), s, None, float(np.float32(1e-5))))


def movements() -> None:
    case("Identity", [picture((2, 3))], {}, lambda x: x * 1)
    case("Dropout", [picture((2, 3))], {}, lambda x: x * 1)
    case("Cast", [picture((2, 3))], {"to": 1}, lambda x: x * 1)
    for dims, target in [((2, 3, 4), [2, 12]), ((2, 3, 4), [-1, 4]), ((2, 3, 4), [0, 2, 6]), ((2, 3, 2, 2), [0, 0, -1]), ((2, 12), [-1, 3, 2, 2])]:
        shape = [dims[i] if s == 0 else s for i, s in enumerate(target)]
        # A literal batch in the shape would not fit a free one.
        case("Reshape", [(tensor if shape[0] != dims[0] or target[0] == 2 else picture)(dims), ints(target)], {}, lambda x, _: x.reshape(shape))
    case("Flatten", [picture((2, 3, 4, 1))], {}, lambda x: x.flatten(1))
    case("Flatten", [tensor((2, 3, 4))], {"axis": 2}, lambda x: x.reshape(6, 4))
    case("Squeeze", [picture((2, 3, 1, 1)), ints([2, 3])], {}, lambda x, _: x.reshape(2, 3))
    case("Squeeze", [picture((2, 1, 3))], {}, lambda x: x.reshape(2, 3))
    case("Unsqueeze", [picture((2, 3)), ints([1, -1])], {}, lambda x, _: x.reshape(2, 1, 3, 1))
    for perm in [(0, 2, 3, 1), (0, 3, 1, 2), (1, 0, 2, 3), (3, 2, 1, 0), (0, 2, 1, 3)]:
        case("Transpose", [picture((2, 3, 4, 5))], {"perm": list(perm)}, lambda x: x.permute(perm))
    case("Transpose", [picture((2, 3))], {}, lambda x: x.T)
    case("Concat", [picture((2, 3, 2)), picture((2, 1, 2)), picture((2, 2, 2))], {"axis": 1}, lambda *x: torch.cat(x, 1))
    case("Concat", [picture((2, 3)), picture((2, 4))], {"axis": -1}, lambda *x: torch.cat(x, -1))
    case("Concat", [tensor((2, 3)), tensor((1, 3))], {"axis": 0}, lambda *x: torch.cat(x, 0))
    case("Split", [picture((2, 6, 2)), ints([1, 3, 2])], {"axis": 1}, lambda x, _: torch.split(x, [1, 3, 2], 1))
    case("Split", [picture((2, 6))], {"axis": -1}, lambda x: torch.split(x, 3, 1))
    case("Split", [picture((2, 6))], {"axis": 1, "num_outputs": 2}, lambda x: torch.split(x, 3, 1), 18)
    case("Split", [picture((2, 6, 2)), ints([1, 3, 2])], {"axis": 1}, lambda x, _: [x[:, :1], None, x[:, 4:]])
    for bounds, forward in [
        (([1], [3], [1], [1]), lambda x: x[:, 1:3]),
        (([0, -2], [2**31 - 1, 2**31 - 1], [1, 2]), lambda x: x[:, :, -2:]),
        (([1, 1], [7, 6], [1, 2], [2, 3]), lambda x: x[:, 1:7:2, 1:6:3]),
        (([0, 0], [2**31 - 1, 2**31 - 1], [1, 2], [2, 2]), lambda x: x[:, ::2, ::2]),
        (([1, 1], [2**31 - 1, 2**31 - 1], [2, 1], [2, 2]), lambda x: x[:, 1::2, 1::2]),
        (([-1], [-(2**31)], [2], [-1]), lambda x: x.flip(2)),
        (([6], [0], [1], [-2]), lambda x: x[:, [6, 4, 2]]),
        (([-100], [3], [1]), lambda x: x[:, :3]),
        (([2], [3], [1], [2]), lambda x: x[:, 2:3]),
        (([0, 1], [2**31 - 1, 4], [0, 1]), lambda x: x[:, 1:4]),
    ]:
        case("Slice", [picture((2, 7, 8)), *map(ints, bounds)], {}, lambda x, *_: forward(x))
    case("Slice", [tensor((6, 2)), ints([1]), ints([6]), ints([0]), ints([3])], {}, lambda x, *_: x[1:6:3])
    for pads in [(0, 0, 1, 2, 0, 0, 0, 3), (0, 0, -1, 1, 0, 0, 2, -1), (0, 1, 0, 0, 0, 2, 0, 0)]:
        torch_pads = [p for axis in reversed(range(4)) for p in (pads[axis], pads[axis + 4])]
        case("Pad", [picture((2, 2, 4, 5)), ints(pads)], {}, lambda x, _: F.pad(x, torch_pads))
    case("Pad", [picture((2, 2, 4)), ints((1, 2)), floats([0.5], []), ints([2])], {}, lambda x, *_: F.pad(x, (1, 2), value=0.5), 18)
    case("Expand", [tensor((3, 1)), ints([2, 3, 4])], {}, lambda x, _: x.expand(2, 3, 4))
    case("Expand", [picture((2, 1, 4)), ints([1, 3, 1])], {}, lambda x, _: x.expand(2, 3, 4))
    case("Gather", [picture((2, 5, 3)), scalar_int(0)], {"axis": 1}, lambda x, _: x[:, 0])
    case("Gather", [picture((2, 5, 3)), scalar_int(-2)], {"axis": 1}, lambda x, _: x[:, -2])
    case("Gather", [picture((2, 5, 3)), ints([3, 0, 3, -1])], {"axis": 1}, lambda x, _: x[:, [3, 0, 3, 4]])
    case("Gather", [picture((2, 3, 6)), ints([1, 2, 3])], {"axis": 2}, lambda x, _: x[:, :, 1:4])
    case("Gather", [picture((2, 3, 6)), ints([5, 1])], {"axis": -1}, lambda x, _: x[:, :, [5, 1]])
    table = {"role": "constant", "type": "int64", "dims": [2, 3], "values": [0, 3, 1, 3, 3, 2]}
    case("Gather", [tensor((4, 2)), table], {}, lambda x, i: x[i.long()])


def resizes() -> None:
    for scale in (2.0, 1.5, 0.5):
        for mode, coordinates, extra, arguments in [
            ("nearest", "asymmetric", {"nearest_mode": "floor"}, {"mode": "nearest"}),
            ("linear", "half_pixel", {}, {"mode": "bilinear", "align_corners": False}),
            ("linear", "pytorch_half_pixel", {}, {"mode": "bilinear", "align_corners": False}),
            ("linear", "align_corners", {}, {"mode": "bilinear", "align_corners": True}),
            ("cubic", "half_pixel", {"cubic_coeff_a": {"float": -0.75}}, {"mode": "bicubic", "align_corners": False}),
        ]:
            attributes = {"mode": mode, "coordinate_transformation_mode": coordinates, **extra}
            dims = (2, 2, 4, 6)
            size = [int(4 * scale), int(6 * scale)]
            scales = floats([1, 1, scale, scale])
            forward = lambda x, *_: F.interpolate(x, size=size, **arguments)
            case("Resize", [picture(dims), LEFT_OUT, scales], attributes, forward)
            if mode == "linear":
                # Sizes name the batch, which is fixed here.
                inputs = [tensor(dims), LEFT_OUT, LEFT_OUT, ints([2, 2, *size])]
                case("Resize", inputs, attributes, forward)


for make in (convolutions, arithmetic, activations, reductions, matrices, pools, normalizations, movements, resizes):
    make()
OUT.mkdir(parents=True, exist_ok=True)
lines = "\n".join(json.dumps(one, separators=(",", ":")) for one in CASES)
(OUT / "operators.jsonl").write_text(lines + "\n")
np.concatenate(GRADIENTS).astype("<f4").tofile(OUT / "operators.bin")
print(f"{len(CASES)} cases, {sum(map(len, GRADIENTS))} numbers")
