"""Make SFace's 8-bit file runnable on onnxruntime, and three times as fast.

The file lists its weights among the graph's inputs, as if a caller had to give them; onnxruntime
and OpenCV 5 then refuse to run it. This module reduces the list to the picture. It writes each
PReLU, for which onnxruntime has no fast kernel on a processor, as relu(x) * (1 - a) + x * a, which
is the same function. `checked_session` compares the two forms before either is used.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from onetomany.errors import IntegrityError

FACE = 112  # pixels, both ways
PICTURE = "data"  # the graph's one real input


def checked_session(weight_file: Path) -> onnxruntime.InferenceSession:
    """Return the session that replaces deepface's own for SFace.

    It takes faces (1, 3, 112, 112), RGB, 0 to 255, and returns (1, 128). Raises IntegrityError if
    its answer differs by more than 1e-5 from that of the published graph on a test image.
    """
    published = only_the_picture(weight_file.read_bytes())
    fast = _session(_without_prelu(published))
    image = np.random.default_rng(0).integers(0, 256, (1, 3, FACE, FACE)).astype(np.float32)
    gap = float(np.abs(_answer(fast, image) - _answer(_session(published), image)).max())
    if not gap <= 1e-5:
        raise IntegrityError(
            f"The faster form of {weight_file.name} differs from the published one by {gap:.1e}: "
            "this version of onnxruntime is not supported."
        )
    return fast


def only_the_picture(onnx_file: bytes) -> bytes:
    """Return the same graph with the picture as its only input."""
    graph = onnx.load_from_string(onnx_file)
    inputs = [each for each in graph.graph.input if each.name == PICTURE]
    if len(inputs) != 1:
        raise IntegrityError(f"The weight file has no input '{PICTURE}': it is not SFace's.")
    del graph.graph.input[:]
    graph.graph.input.extend(inputs)
    return bytes(graph.SerializeToString())


def _without_prelu(onnx_file: bytes) -> bytes:
    graph = onnx.load_from_string(onnx_file)
    slopes = {each.name: numpy_helper.to_array(each) for each in graph.graph.initializer}
    nodes: list[Any] = []
    for node in graph.graph.node:
        if node.op_type != "PRelu":
            nodes.append(node)
            continue
        x, slope, y = node.input[0], slopes[node.input[1]].reshape(-1, 1, 1, 1), node.output[0]
        nodes.append(helper.make_node("Relu", [x], [f"{y}_up"]))
        for source, part, scale in ((f"{y}_up", f"{y}_kept", 1 - slope), (x, f"{y}_leak", slope)):
            constant = numpy_helper.from_array(scale.astype(np.float32), f"{part}_scale")
            graph.graph.initializer.append(constant)
            scaled = helper.make_node(
                "Conv", [source, constant.name], [part], kernel_shape=[1, 1], group=len(slope)
            )
            nodes.append(scaled)
        nodes.append(helper.make_node("Add", [f"{y}_kept", f"{y}_leak"], [y]))
    del graph.graph.node[:]
    graph.graph.node.extend(nodes)
    return bytes(graph.SerializeToString())


def _session(onnx_file: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # the processes are the parallelism
    options.log_severity_level = 3  # hides a useless note about each unused shape
    # the 8-bit weights are unpacked once, not for each face
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    return onnxruntime.InferenceSession(onnx_file, options, providers=["CPUExecutionProvider"])


def _answer(session: onnxruntime.InferenceSession, image: NDArray[np.float32]) -> Any:
    return session.run(None, {PICTURE: image})[0]
