"""The ONNX file of an exported network: its graph, its weights in fewer bits, its description."""
import json
import pathlib
import tempfile

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxscript import optimizer

from prediction.exported import onnx_model
from runtime.errors import UserError

FOLDED = 2 ** 26  # bytes: constants up to this size are computed when the network is exported


def as_onnx(program):
    """Return the ONNX model of the program, every constant of its graph computed."""
    exported = torch.onnx.export(program, dynamo=True, input_names=['joints'], output_names=['scores'],
                                 dynamic_shapes=({0: 'batch'},), optimize=False, verbose=False)
    optimizer.optimize(exported.model, input_size_limit=FOLDED, output_size_limit=FOLDED)
    proto = exported.model_proto
    for entry in (*proto.graph.node, *proto.graph.value_info):
        del entry.metadata_props[:]  # stack traces, with paths of this machine
    return proto


def halved(proto):
    """Return the ONNX model with its weights stored in float16; it computes in float32 as before."""
    casts = []
    for weight in proto.graph.initializer:
        if weight.data_type == TensorProto.FLOAT and len(weight.dims) > 1:
            half = numpy_helper.to_array(weight).astype(np.float16)
            if not np.isfinite(half).all():
                raise UserError(f'--half: a weight is larger than float16 allows ({weight.name}): leave it out')
            casts.append(helper.make_node('Cast', [f'{weight.name}_half'], [weight.name], to=TensorProto.FLOAT))
            weight.CopyFrom(numpy_helper.from_array(half, f'{weight.name}_half'))
    nodes = [*casts, *proto.graph.node]
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)
    return proto


def quantised(proto):
    """Return the ONNX model with weights of 8 bits, each channel with a scale of its own, by onnxruntime's tool."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, 'model.onnx')
        quantize_dynamic(proto, path, per_channel=True, weight_type=QuantType.QUInt8)  # QInt8 is three times slower
        return onnx.load(path)


def with_description(proto, description, path):
    """Return (the bytes of the ONNX model with its description, the ExportedModel that they hold)."""
    helper.set_model_props(proto, {key: json.dumps(value, default=str) for key, value in description.items()})
    content = proto.SerializeToString()
    return content, onnx_model(path, content)
