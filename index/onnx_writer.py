"""Just enough of ONNX to write a model: its messages in protobuf's wire format, by hand.

Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. The ``onnx`` package would be one more dependency
for this alone.
"""

from __future__ import annotations

import struct
from typing import Any

from numpy.typing import NDArray

IR_VERSION = 8
OPSETS = {"": 17, "com.microsoft": 1}
FLOAT, INT, INTS = 1, 2, 7  # types of attributes
ELEMENT_TYPES = {"float32": 1, "uint8": 2, "int64": 7}

Attribute = int | float | list[int]


class Graph:
    """A graph under construction; what it takes and gives are matrices of floats."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def node(self, operator: str, inputs: list[str], outputs: list[str], **attributes: Attribute) -> None:
        """Append a node; a dotted operator names its domain, an input left out is an empty name."""
        domain, _, name = operator.rpartition(".")
        fields = [_text(1, each) for each in inputs] + [_text(2, each) for each in outputs]
        fields += [_text(4, name), _text(7, domain)]
        fields += [_field(5, _attribute(key, value)) for key, value in attributes.items()]
        self._parts.append(_field(1, b"".join(fields)))

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """Add a constant; returns its name."""
        fields = [_int(1, size) for size in values.shape]
        fields += [_int(2, ELEMENT_TYPES[values.dtype.name]), _text(8, name), _field(9, values.tobytes())]
        self._parts.append(_field(5, b"".join(fields)))
        return name

    def model(self, taken: dict[str, list[int | str]], given: dict[str, list[int | str]]) -> bytes:
        """The model; sizes that vary go by a name."""
        parts = [*self._parts, _text(2, "graph")]
        parts += [_field(11, _value(name, shape)) for name, shape in taken.items()]
        parts += [_field(12, _value(name, shape)) for name, shape in given.items()]
        opsets = [_field(8, _text(1, domain) + _int(2, version)) for domain, version in OPSETS.items()]
        return b"".join([_int(1, IR_VERSION), _field(7, b"".join(parts)), *opsets])


def _value(name: str, shape: list[int | str]) -> bytes:
    sizes = [_text(2, size) if isinstance(size, str) else _int(1, size) for size in shape]
    dimensions = b"".join(_field(1, size) for size in sizes)
    tensor = _int(1, ELEMENT_TYPES["float32"]) + _field(2, dimensions)
    return _text(1, name) + _field(2, _field(1, tensor))


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, float):
        return _text(1, name) + _varint(2 << 3 | 5) + struct.pack("<f", value) + _int(20, FLOAT)
    if isinstance(value, int):
        return _text(1, name) + _int(3, value) + _int(20, INT)
    return _text(1, name) + b"".join(_int(8, each) for each in value) + _int(20, INTS)


def _int(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _field(field, value.encode())


def _field(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1  # negative numbers are written as 64 bits
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)
