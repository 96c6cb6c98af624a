"""Elementary and special functions of intervals, with proven bounds."""

from interval_jax.elementary.exp_log import exp

__all__ = ["exp"]
