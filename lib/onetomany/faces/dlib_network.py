"""Run dlib's face network on onnxruntime: the same weights, about twelve times as fast.

dlib's own kernels, as built in its wheels, take 75 ms a face on one core; onnxruntime, which
deepface uses for its other models, takes 6 ms. The network is read from the pinned weight file
itself. Its shape is that of dlib's `dnn_face_recognition_ex.cpp` (a ResNet of 29 convolutions;
He et al., CVPR 2016); batch normalisation there is a fixed scale and shift ('affine'), which is
merged into the convolution before it.
"""

from pathlib import Path
from typing import Any

import dlib
import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from onetomany.errors import IntegrityError

FACE = 150  # pixels, both ways
DIMENSION = 128
MEAN_RGB = (122.782, 117.001, 104.298)
# filters, number of residual blocks, whether the first of them halves the picture
STAGES = ((32, 3, False), (64, 4, True), (128, 3, True), (256, 3, True), (256, 1, True))

Floats = NDArray[np.float32]


class DlibNetwork:
    """A replacement for deepface's `dlib.face_recognition_model_v1`, with the same answers.

    Raises IntegrityError if the two differ by more than 1e-5 on a test image, so that a change in
    either library can't alter results silently.
    """

    def __init__(self, weight_file: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # the processes are the parallelism
        self._session = onnxruntime.InferenceSession(
            _Graph(weight_file.read_bytes()).build(), options, providers=["CPUExecutionProvider"]
        )
        image = np.random.default_rng(0).integers(0, 256, (1, FACE, FACE, 3), dtype=np.uint8)
        reference = dlib.face_recognition_model_v1(str(weight_file)).compute_face_descriptor(image)
        gap = float(np.abs(self.compute_face_descriptor(image) - np.asarray(reference)).max())
        if gap > 1e-5:
            raise IntegrityError(
                f"The network read from {weight_file.name} differs from dlib's own by {gap:.1e}: "
                "this version of dlib or onnxruntime is not supported."
            )

    def compute_face_descriptor(self, images: NDArray[np.uint8]) -> Floats:
        """Return templates (n, 128) of aligned faces (n, 150, 150, 3), RGB, 0 to 255."""
        # one at a time: a batch falls out of the core's cache and is a third slower
        planes = images.transpose(0, 3, 1, 2).astype(np.float32)
        answers = [
            self._session.run(None, {"rgb": planes[i : i + 1]})[0] for i in range(len(images))
        ]
        return np.concatenate(answers)


class _Graph:
    """The network of dlib's serialised file as an ONNX model.

    Tensors are read in the order in which dlib wrote them, which is that of the forward pass.
    """

    def __init__(self, dlib_file: bytes) -> None:
        self._file, self._position = dlib_file, 0
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def build(self) -> bytes:
        x = self._op("Sub", "rgb", self._constant(np.reshape(MEAN_RGB, (1, 3, 1, 1))))
        x = self._op("Mul", x, self._constant(np.array(1 / 256)))
        x = self._op("Relu", self._convolution(x, 3, 32, kernel=7, stride=2, pad=0))
        x = self._op("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2])
        channels, size = 32, 35
        for filters, blocks, halves in STAGES:
            for block in range(blocks):
                down = halves and block == 0
                x, size = self._residual(x, channels, filters, size, down=down)
                channels = filters
        x = self._op("Flatten", self._op("GlobalAveragePool", x))
        weights = self._tensor(channels, DIMENSION).reshape(channels, DIMENSION)
        self._op("MatMul", x, self._constant(weights), output="template")
        graph = helper.make_graph(
            self._nodes,
            "dlib_face_recognition_resnet_model_v1",
            [helper.make_tensor_value_info("rgb", TensorProto.FLOAT, ["n", 3, FACE, FACE])],
            [helper.make_tensor_value_info("template", TensorProto.FLOAT, ["n", DIMENSION])],
            self._constants,
        )
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=9)
        return bytes(made.SerializeToString())

    def _residual(
        self, x: str, channels: int, filters: int, size: int, *, down: bool
    ) -> tuple[str, int]:
        stride, pad = (2, 0) if down else (1, 1)
        y = self._convolution(x, channels, filters, kernel=3, stride=stride, pad=pad)
        y = self._convolution(self._op("Relu", y), filters, filters, kernel=3, stride=1, pad=1)
        if down:
            # dlib adds unlike sizes as if the smaller were filled up with zeros
            convolved, pooled = (size - 3) // 2 + 1, (size - 2) // 2 + 1
            x = self._op("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
            x = self._pad(x, channels=filters - channels)
            y = self._pad(y, pixels=pooled - convolved)
            size = pooled
        return self._op("Relu", self._op("Add", y, x)), size

    def _convolution(
        self, x: str, channels: int, filters: int, *, kernel: int, stride: int, pad: int
    ) -> str:
        both = self._tensor(filters * channels * kernel**2 + filters)
        scale, shift = np.split(self._tensor(2 * filters).astype(np.float64), 2)
        weights = both[:-filters].reshape(filters, channels, kernel, kernel)
        return self._op(
            "Conv",
            x,
            self._constant(weights * scale[:, None, None, None]),
            self._constant(both[-filters:] * scale + shift),
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[pad] * 4,
        )

    def _pad(self, x: str, *, channels: int = 0, pixels: int = 0) -> str:
        if not channels and not pixels:
            return x
        ends = np.array([0, 0, 0, 0, 0, channels, pixels, pixels], dtype=np.int64)
        return self._op("Pad", x, self._constant(ends))

    def _op(self, kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        name = output or f"{kind}{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def _constant(self, values: NDArray[Any]) -> str:
        name = f"constant{len(self._constants)}"
        kind = values.dtype if values.dtype == np.int64 else np.float32
        self._constants.append(numpy_helper.from_array(values.astype(kind), name))
        return name

    def _tensor(self, *shape: int) -> Floats:
        """Read the next tensor of that shape: version 2, four packed sizes, then plain floats."""
        sizes = (*shape, 1, 1, 1)[:4]
        header = b"\x01\x02" + b"".join(map(_packed, sizes))
        start = self._file.find(header, self._position)
        if start < 0:
            raise IntegrityError(
                f"The weight file lacks a tensor of shape {shape}: it is not "
                "dlib_face_recognition_resnet_model_v1."
            )
        begin = start + len(header)
        count = int(np.prod(shape))
        self._position = begin + 4 * count
        return np.frombuffer(self._file, "<f4", count, begin)


def _packed(number: int) -> bytes:
    """Return dlib's form of an integer: a byte with its length, then it, lowest byte first."""
    length = (number.bit_length() + 7) // 8
    return bytes([length]) + number.to_bytes(length, "little")
