"""The evaluation's metrics, one a file: pure functions over plain values."""
