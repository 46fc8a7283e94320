"""Checks a bundle from Python: the golden pixels through ONNX Runtime must give the golden probabilities and labels.

    pip install onnxruntime numpy pillow
    python scripts/check-bundle.py <bundle>

Nothing of assay takes part: the labels and what else is needed come from the metadata of model.onnx. Exit code 0 when
every example agrees, 1 when one does not, 2 when the folder is no bundle.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

TOLERANCE = 1e-3


class Model:
    """model.onnx with what its metadata says about it."""

    def __init__(self, path: Path):
        self.session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        metadata = self.session.get_modelmeta().custom_metadata_map
        self.labels = json.loads(metadata["labels"])
        self.size = json.loads(metadata["preprocessing"])["size"]
        self.bias = np.array(json.loads(metadata.get("decisionBias", "null")) or [0.0] * len(self.labels))

    def classify(self, pixels: np.ndarray) -> tuple[str, np.ndarray]:
        """uint8 [size, size, 3] -> label and probabilities [classes]."""
        (probabilities,) = self.session.run(["probabilities"], {"image": pixels[np.newaxis]})
        with np.errstate(divide="ignore"):
            scores = np.log(probabilities[0].astype(np.float64)) + self.bias
        return self.labels[int(scores.argmax())], probabilities[0]


def check_example(model: Model, folder: Path, example: dict) -> float:
    """The largest difference of a probability; infinite where label or shape is another one."""
    with Image.open(folder / example["pixels"]) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    if pixels.shape != (model.size, model.size, 3):
        return float("inf")
    label, probabilities = model.classify(pixels)
    expected = np.array(example["probabilities"])
    if label != example["label"] or probabilities.shape != expected.shape:
        return float("inf")
    return float(np.abs(probabilities - expected).max())


def check_bundle(folder: Path) -> bool:
    model = Model(folder / "model.onnx")
    examples = json.loads((folder / "golden" / "golden.json").read_text(encoding="utf-8"))
    stated = json.loads((folder / "assay.json").read_text(encoding="utf-8"))["labels"]
    passed = len(examples) > 0 and stated == model.labels
    if stated != model.labels:
        print(f"the labels of assay.json {stated} are not those of model.onnx {model.labels}")
    for example in examples:
        difference = check_example(model, folder, example)
        agrees = difference <= TOLERANCE
        passed = passed and agrees
        print(f"{'ok    ' if agrees else 'not ok'} {example['pixels']}: {example['label']}, off by {difference:.1e}")
    print(f"{len(examples)} golden examples, ONNX Runtime {onnxruntime.__version__}, tolerance {TOLERANCE}")
    return passed


def main() -> int:
    parser = argparse.ArgumentParser(description="Checks a bundle's golden examples with Python's ONNX Runtime.")
    parser.add_argument("bundle", type=Path, help="the folder of the bundle")
    folder = parser.parse_args().bundle
    sys.stdout.reconfigure(errors="backslashreplace")  # names of classes on a terminal that cannot show them
    try:
        return 0 if check_bundle(folder) else 1
    except Exception as error:  # those of ONNX Runtime have no base in common
        print(f"{folder} is no whole bundle: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
