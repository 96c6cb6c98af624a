"""Times of interval_jax next to plain jnp and, if installed, crival.

Run by people, never shipped: ``python -m benchmarks --help``.
"""
