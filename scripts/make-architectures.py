"""Writes src/finetune/fixtures/<network>.onnx: ResNet-50, ConvNeXt-T and ViT-S as PyTorch's users export them, without their weights.

Usage: pip install torch torchvision timm onnx onnxscript; python scripts/make-architectures.py

Of each initializer above a kilobyte the data are left out; mean and standard deviation of timm's initialization stand in its external
data (location "random"), for the tests to fill with numbers of a seed. ResNet-50 goes through the older exporter, the others through the
newer.
"""

import io
import logging
import warnings
from pathlib import Path

import onnx
import timm
import torch
from onnx import TensorProto, numpy_helper

OUT = Path(__file__).resolve().parent.parent / "src" / "finetune" / "fixtures"
CLASSES = 5
SMALLEST_BYTES = 1024

# name → timm's name, options, side in px, whether the newer exporter writes it
NETWORKS = {
    "resnet50": ("resnet50", {"zero_init_last": False}, 64, False),
    "convnext-t": ("convnext_tiny", {"ls_init_value": 0.1}, 64, True),
    "vit-s": ("vit_small_patch16_224", {"img_size": 112}, 112, True),
}


def export(model: torch.nn.Module, side: int, modern: bool) -> onnx.ModelProto:
    image = torch.zeros(2, 3, side, side)
    options = {"input_names": ["image"], "output_names": ["logits"]}
    buffer = io.BytesIO()
    if modern:
        free = ({0: torch.export.Dim("n")},)
        torch.onnx.export(model, (image,), dynamo=True, opset_version=18, dynamic_shapes=free, verbose=False, **options).save(buffer)
    else:
        axes = {"image": {0: "n"}, "logits": {0: "n"}}
        # Batch-norm as it is: to fold it is assay's own affair.
        training = torch.onnx.TrainingMode.PRESERVE
        torch.onnx.export(
            model, (image,), buffer, dynamo=False, opset_version=17, do_constant_folding=False, training=training, dynamic_axes=axes, **options
        )
    return onnx.load_from_string(buffer.getvalue())


def empty(tensor: TensorProto) -> TensorProto:
    """The tensor without its data, and what they are like."""
    values = numpy_helper.to_array(tensor)
    if values.nbytes <= SMALLEST_BYTES or tensor.data_type != TensorProto.FLOAT:
        return tensor
    bare = TensorProto(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims, data_location=TensorProto.EXTERNAL)
    for key, value in {"location": "random", "mean": f"{values.mean():.4g}", "deviation": f"{values.std():.4g}"}.items():
        bare.external_data.add(key=key, value=value)
    return bare


def strip(proto: onnx.ModelProto) -> None:
    """Only what counts: no notes of the exporter, no inferred shapes."""
    for node in proto.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for value in [*proto.graph.input, *proto.graph.output]:
        del value.metadata_props[:]
    del proto.graph.value_info[:]
    del proto.graph.metadata_props[:]
    del proto.metadata_props[:]
    tensors = [empty(tensor) for tensor in proto.graph.initializer]
    del proto.graph.initializer[:]
    proto.graph.initializer.extend(tensors)


def age(model: torch.nn.Module) -> None:
    """As after training: norms and biases that all differ, and residual branches that add little."""
    for name, weight in model.named_parameters():
        if weight.ndim < 2 and "gamma" not in name:
            torch.nn.init.normal_(weight, 0.0 if name.endswith("bias") else 0.3 if name.endswith("bn3.weight") else 1.0, 0.05)
    for name, statistic in model.named_buffers():
        if statistic.ndim == 1:
            torch.nn.init.normal_(statistic, 0.0 if name.endswith("mean") else 1.0, 0.05)


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    OUT.mkdir(parents=True, exist_ok=True)
    for name, (source, options, side, modern) in NETWORKS.items():
        torch.manual_seed(0)
        model = timm.create_model(source, num_classes=CLASSES, **options).eval()
        age(model)
        proto = export(model, side, modern)
        strip(proto)
        data = proto.SerializeToString()
        (OUT / f"{name}.onnx").write_bytes(data)
        parameters = sum(one.numel() for one in model.parameters())
        print(f"{name}: {len(proto.graph.node)} nodes, {parameters} parameters, {len(data)} bytes")


main()
