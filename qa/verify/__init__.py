"""Verification: whether the documents say what a sentence says, and in which words."""

from qa.verify.verifier import Outcome, Verifier

__all__ = ["Outcome", "Verifier"]
