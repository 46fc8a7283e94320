"""One fine-tuning step on PyTorch's CPU, for bench/autodiff.mjs: reads commands, answers in seconds and processor seconds.

Usage: pip install torch; python bench/peers/finetune-step.py [threads] [efficientnet-lite0 or efficientnetv2-b0]
A command is a line `variant part batch micro`: fp32, fp32-last (channels last), bf16 or bf16-last; full, stages (the last three, from what
enters them) or frozen (the same from the pixels). Weights are random; batch statistics are frozen and folded, which is the fastest
PyTorch can have it.
"""

import os
import sys
import time

# As fast on a quiet machine; on a shared one threads that spin while they wait made steps several times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
try:
    import torch
    import torch.nn.functional as F

    import networks
except ImportError:
    print("no torch", flush=True)
    sys.exit(0)

torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else torch.get_num_threads())
torch.manual_seed(0)
ARCHITECTURE = networks.NETWORKS[sys.argv[2] if len(sys.argv) > 2 else "efficientnet-lite0"]
CLASSES = 1000
FIRST = len(ARCHITECTURE.stages) - 2  # of the last three stages


def prepare(variant: str, part: str):
    model = networks.Network(ARCHITECTURE, CLASSES, FIRST if part == "stages" else 1, folded=True)
    if part == "frozen":
        model.freeze(FIRST - 1)
    if variant.endswith("last"):
        model = model.to(memory_format=torch.channels_last)
    return model, torch.optim.AdamW([one for one in model.parameters() if one.requires_grad], 1e-5)


def inputs(part: str, batch: int) -> torch.Tensor:
    if part != "stages":
        return torch.randn(batch, 3, 224, 224)
    before = ARCHITECTURE.stages[: FIRST - 1]
    side = 112
    for stage in before:
        side //= stage.stride
    return torch.randn(batch, before[-1].channels, side, side)


READY = {}


def step(variant: str, part: str, batch: int, micro: int) -> tuple[float, float]:
    if (variant, part) not in READY:
        READY[variant, part] = prepare(variant, part)
        step(variant, part, micro, micro)  # unmeasured
    model, optimizer = READY[variant, part]
    x = inputs(part, batch)
    if variant.endswith("last"):
        x = x.contiguous(memory_format=torch.channels_last)
    y = torch.randint(0, CLASSES, (batch,))
    start, used = time.perf_counter(), time.process_time()
    optimizer.zero_grad()
    for at in range(0, batch, micro):
        with torch.autocast("cpu", torch.bfloat16, enabled=variant.startswith("bf16")):
            loss = F.cross_entropy(model(x[at : at + micro]), y[at : at + micro], reduction="sum") / batch
        loss.backward()
    optimizer.step()
    return time.perf_counter() - start, time.process_time() - used


print(f"torch {torch.__version__} {torch.get_num_threads()}", flush=True)
for line in sys.stdin:
    variant, part, batch, micro = line.split()
    print(*step(variant, part, int(batch), int(micro)), flush=True)
