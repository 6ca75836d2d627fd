"""How good the answers are: golden questions, metrics, benchmarks."""
