"""The language: policy text in, a checked Program out. It knows the words of a policy file, no credit and no I/O."""
