"""DMN files in: decision tables of other tools, read safely, kept exactly or refused by name.

Source: OMG Decision Model and Notation, versions 1.1 to 1.5 (the namespaces differ, the element names do not).
"""

from policy.dmn.findings import Finding

__all__ = ["Finding"]
