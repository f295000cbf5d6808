"""The language: policy text in, a checked Program out. It knows the words of a policy file, no credit and no I/O."""

from policy.load import Loaded, load_policy

__all__ = ["Loaded", "load_policy"]
