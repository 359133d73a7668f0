"""The ONNX file of an exported network: its graph, its weights in half the bits, its description."""
import json

import numpy as np
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxscript import optimizer

from runtime.errors import UserError

MAX_FOLDED = 2 ** 26  # bytes: constants up to this size are computed when the network is exported


def as_onnx(network, clips, names, config):
    """Return the ONNX model of a network, for inputs as `clips`, with these `names` and a free batch size.

    Every constant of its graph is computed. Raises UserError, which names the `config`, for a model that cannot be
    traced.
    """
    batch = torch.export.Dim('batch')
    try:
        program = torch.export.export(network, clips, dynamic_shapes=(tuple({0: batch} for _ in clips),))
    except Exception as error:  # anything in a user's model that cannot be traced
        raise UserError(f'{config}: torch.export cannot trace the model: {error}') from error
    try:
        exported = torch.onnx.export(program, dynamo=True, input_names=names, output_names=['scores'], optimize=False,
                                     dynamic_shapes=(tuple({0: 'batch'} for _ in clips),), verbose=False)
    except ModuleNotFoundError as error:  # onnxscript has a module for each release of PyTorch
        raise UserError(f'this PyTorch needs a newer onnxscript ({error}): pip install --upgrade onnxscript') from error
    optimizer.optimize(exported.model, input_size_limit=MAX_FOLDED, output_size_limit=MAX_FOLDED)
    proto = exported.model_proto
    for entry in (*proto.graph.node, *proto.graph.value_info):
        del entry.metadata_props[:]  # stack traces, with paths of this machine
    return proto


def halve(proto):
    """Store the weights of the ONNX model in float16; it computes in float32 as before."""
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


def described(proto, description):
    """Return the bytes of the ONNX model with its description."""
    helper.set_model_props(proto, {key: json.dumps(value, default=str) for key, value in description.items()})
    return proto.SerializeToString()
