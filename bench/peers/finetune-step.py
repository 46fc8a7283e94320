"""One fine-tuning step of EfficientNet-Lite0 on PyTorch's CPU, for bench/autodiff.mjs: reads commands, answers in seconds.

Usage: pip install torch; python bench/peers/finetune-step.py [threads]
A command is a line `variant part batch micro`: fp32, fp32-last (channels last), bf16 or bf16-last; full or stages. Batch statistics are
frozen and folded, which is the fastest PyTorch can have it.
"""

import sys
import time

try:
    import torch
    import torch.nn as nn
    import torch.nn.functional as F
except ImportError:
    print("no torch", flush=True)
    sys.exit(0)

torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else torch.get_num_threads())
torch.manual_seed(0)

# kernel, stride, expansion, channels, repeats (Tan and Le 2019; Lite: no squeeze-and-excitation, ReLU6)
STAGES = [(3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (5, 2, 6, 40, 2), (3, 2, 6, 80, 3), (5, 1, 6, 112, 3), (5, 2, 6, 192, 4), (3, 1, 6, 320, 1)]


class Same(nn.Conv2d):
    def forward(self, x):
        k, s = self.kernel_size[0], self.stride[0]
        total = max(0, (-(-x.shape[-1] // s) - 1) * s + k - x.shape[-1])
        if total % 2:
            x = F.pad(x, (total // 2, total - total // 2) * 2)
            return F.conv2d(x, self.weight, self.bias, self.stride, 0, 1, self.groups)
        return F.conv2d(x, self.weight, self.bias, self.stride, total // 2, 1, self.groups)


class Block(nn.Module):
    def __init__(self, c, m, k, s, e):
        super().__init__()
        wide = c * e
        self.expand = nn.Conv2d(c, wide, 1) if e > 1 else None
        self.depthwise = Same(wide, wide, k, s, groups=wide)
        self.project = nn.Conv2d(wide, m, 1)
        self.residual = s == 1 and c == m

    def forward(self, x):
        y = F.relu6(self.expand(x)) if self.expand else x
        y = self.project(F.relu6(self.depthwise(y)))
        return x + y if self.residual else y


def stages(first: int):
    c, layers = 32, []
    for i, (k, s, e, m, n) in enumerate(STAGES, 1):
        for repeat in range(n):
            if i >= first:
                layers.append(Block(c, m, k, s if repeat == 0 else 1, e))
            c = m
    return layers


class Lite0(nn.Module):
    def __init__(self, first: int):
        super().__init__()
        self.stem = Same(3, 32, 3, 2) if first == 1 else None
        self.body = nn.Sequential(*stages(first))
        self.last = nn.Conv2d(320, 1280, 1)
        self.head = nn.Linear(1280, 1000)

    def forward(self, x):
        x = F.relu6(self.stem(x)) if self.stem else x
        return self.head(F.relu6(self.last(self.body(x))).mean((2, 3)))


SHAPES = {"full": (1, (3, 224, 224)), "stages": (5, (80, 14, 14))}


def prepare(variant: str, part: str):
    first, shape = SHAPES[part]
    model = Lite0(first)
    if variant.endswith("last"):
        model = model.to(memory_format=torch.channels_last)
    return model, torch.optim.AdamW(model.parameters(), 1e-5), shape


READY = {}


def step(variant: str, part: str, batch: int, micro: int) -> float:
    if (variant, part) not in READY:
        READY[variant, part] = prepare(variant, part)
        step(variant, part, micro, micro)  # unmeasured
    model, optimizer, shape = READY[variant, part]
    x = torch.randn(batch, *shape)
    if variant.endswith("last"):
        x = x.contiguous(memory_format=torch.channels_last)
    y = torch.randint(0, 1000, (batch,))
    start = time.perf_counter()
    optimizer.zero_grad()
    for at in range(0, batch, micro):
        with torch.autocast("cpu", torch.bfloat16, enabled=variant.startswith("bf16")):
            loss = F.cross_entropy(model(x[at : at + micro]), y[at : at + micro], reduction="sum") / batch
        loss.backward()
    optimizer.step()
    return time.perf_counter() - start


print(f"torch {torch.__version__} {torch.get_num_threads()}", flush=True)
for line in sys.stdin:
    variant, part, batch, micro = line.split()
    print(step(variant, part, int(batch), int(micro)), flush=True)
