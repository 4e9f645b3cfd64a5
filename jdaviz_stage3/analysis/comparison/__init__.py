"""Two reductions of the same data, less each other."""
