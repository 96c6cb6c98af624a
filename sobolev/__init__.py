"""Neural pricing surrogates trained with derivatives, pruned by interval adjoints.

Modules, in the order in which a run uses them:

* `market`, `payoffs`, `labels`: the pricing problem and its simulated labels;
* `network`, `metrics`, `training`: the surrogate and how it is fitted and measured;
* `significance`, `pruning`: which neurons matter, and the removal of the others;
* `onnx_io`, `runs`, `report`, `presets`, `pipeline`, `cli`: files and commands.

Importing the package loads none of them.
"""

__version__ = "0.1.0"
