"""Sphinx directive that shows the registry of the installed JAX: ``.. primitives::``."""

from docutils import nodes
from docutils.statemachine import StringList
from jax.extend.core import Primitive
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from interval_jax._rules import RULES, Rule

HEADER = ["primitive", "over intervals", "derivative"]


def row(prim: Primitive, rule: Rule) -> list[str]:
    """What is done with a primitive, and whether reverse sweeps have a rule of their own."""
    if rule.refused is not None:
        return [f"``{prim.name}``", f"refused: {rule.refused}", ""]
    if rule.plain:
        return [f"``{prim.name}``", "plain arrays only", ""]
    if rule.inline is not None:
        return [f"``{prim.name}``", "what it calls", "of what it calls"]
    return [f"``{prim.name}``", "enclosed", "own" if rule.vjp else "JAX's, enclosed"]


def table() -> list[list[str]]:
    """A line for each primitive, by name."""
    rows = {prim.name: row(prim, rule) for prim, rule in RULES.items()}
    return [HEADER, *(rows[name] for name in sorted(rows))]


class Primitives(SphinxDirective):
    """The table of all primitives that the library knows."""

    def run(self) -> list[nodes.Node]:
        lines = [".. list-table::", "   :header-rows: 1", "   :widths: 25 55 20", ""]
        for cells in table():
            for i, cell in enumerate(cells):
                lines.append(f"   {'* -' if i == 0 else '  -'} {cell}")
        content = StringList([*lines, ""], source="primitives")
        container = nodes.container()
        self.state.nested_parse(content, self.content_offset, container)
        return [*container.children]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("primitives", Primitives)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
