"""Settings of every test and doctest in the repository."""

import jax

# Rigour is checked in float32 and float64; without x64 JAX would turn the latter into the former.
jax.config.update("jax_enable_x64", True)
