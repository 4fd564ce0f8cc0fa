from typing import Any

# SciPy publishes no types; but for `sparse`, what is taken from it stays without.
def __getattr__(name: str) -> Any: ...
