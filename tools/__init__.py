"""Generators of the tables in interval_jax/elementary: `python -m tools.exp_log` writes its own."""
