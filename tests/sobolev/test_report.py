"""The report's table, pictures and HTML."""

import re
from html.parser import HTMLParser

import jax
import numpy as np
import pytest

from sobolev import figures, network, report
from sobolev.market import bachelier_market, evaluation_points

ERRORS = {
    "price_rmse": 1.234e-3,
    "price_max": 2e-2,
    "delta_rmse": 3e-3,
    "delta_max": 4e-3,
    "gamma_rmse": 0.5,
    "gamma_max": 0.6,
}
RESULTS = {
    "networks": [
        {
            "name": "dense",
            "role": "dense",
            "target": None,
            "parameters": 83713,
            "metrics": ERRORS,
        },
        {
            "name": "fine-tuned <2x3>",
            "role": "fine-tuned",
            "target": "<2x3>",
            "parameters": 40,
            "metrics": ERRORS,
        },
        {
            "name": "from scratch <2x3>",
            "role": "from scratch",
            "target": "<2x3>",
            "parameters": 40,
            "metrics": ERRORS | {"delta_rmse": 9e-3},
        },
    ],
    "n_evaluation_points": 4096,
    "n_paths": 1024,
    "box": {"lower": [0.5] * 7, "upper": [1.5] * 7},
    "output_enclosure": {"lower": -12.5, "upper": None},
    "ranking": [{"layer": "hidden_1", "neuron": 3, "score": 0.25}],
    "seconds": {"train": 1.25},
    "configuration": {
        "preset": "quick",
        "market": {"strike": 1.1},
        "targets": [{"keep": [3, 3]}],
    },
    "environment": {"jax": "1.2.3"},
}


def png_size(data):
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def pixels(figure):
    """The colours of a figure, shape (height, width, 3)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def test_text_table_is_aligned_and_complete():
    lines = report.text_table(RESULTS["networks"]).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[0].split("  ")[0] == "network"
    assert "83,713" in lines[2]
    assert lines[2].split()[-4:] == ["1.23e-03", "3.00e-03", "5.00e-01", "2.00e-02"]


def test_html_is_well_formed_self_contained_and_escaped():
    picture = report.Picture("a.png", "A & B", "caption", b"\x89PNG")
    text = report.html(RESULTS, [picture])
    open_tags = []

    class Checker(HTMLParser):
        def handle_starttag(self, tag, attrs):
            if tag not in ("meta", "img"):
                open_tags.append(tag)

        def handle_endtag(self, tag):
            assert open_tags.pop() == tag

    Checker().feed(text)
    assert open_tags == []
    sources = re.findall(r"(?:src|href)='?\"?([^'\" >]+)", text)
    assert sources
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert "fine-tuned &lt;2x3&gt;" in text
    assert "<2x3>" not in text
    assert "A &amp; B" in text
    assert "price 1.00, delta 3.00, gamma 1.00" in text
    assert "<td>targets[0].keep</td><td>[3, 3]</td>" in text
    for shown in ("83,713", "40 (0.05%)", "1,024", "unbounded", "market.strike", "1.2.3", "1.1"):
        assert shown in text


def test_learning_curves_show_every_phase():
    curves = {"dense": np.geomspace(1, 0.1, 20), "fine-tuned": np.geomspace(0.5, 0.1, 5)}
    figure = figures.learning_curves(curves)
    for axes in figure.axes:
        assert [line.get_label() for line in axes.lines] == list(curves)
        np.testing.assert_array_equal(axes.lines[1].get_ydata(), curves["fine-tuned"])
        np.testing.assert_array_equal(axes.lines[1].get_xdata(), np.arange(1, 6))


@pytest.fixture(scope="module")
def closed_form_figure():
    market = bachelier_market(7)
    x = np.asarray(evaluation_points(jax.random.key(0), 512))
    net = network.initialise(jax.random.key(1), (7, 4, 1))
    return figures.against_closed_form({"random": net}, market, x), market, net, x


def test_closed_form_is_drawn_with_errors_of_the_right_size(closed_form_figure):
    figure, market, net, x = closed_form_figure
    price_axes, error_axes = figure.axes[0], figure.axes[3]
    curve, exact = price_axes.lines
    assert exact.get_label() == "closed form"
    assert np.all(np.diff(exact.get_ydata()) > 0)  # a call's price rises with the basket
    baskets = np.asarray(curve.get_xdata())
    along = np.repeat(baskets[:, None], 7, axis=1)
    np.testing.assert_allclose(curve.get_ydata(), network.apply(net, along))
    from sobolev.market import closed_form

    errors = np.abs(np.asarray(network.apply(net, x)) - np.asarray(closed_form(market, x).price))
    drawn = error_axes.lines[0].get_ydata()
    assert errors.min() <= drawn.min()
    assert drawn.max() <= errors.max()


def test_pictures_are_not_empty(closed_form_figure):
    scores = {"inputs": np.ones(2), "hidden_1": np.array([1e-3, np.nan, 1.0, 0.0])}
    sweep = [
        {
            "criterion": criterion,
            "compensation": compensation,
            "kept": kept,
            "price_rmse": 1e-2 / kept,
            "delta_rmse": 1e-1 / kept,
        }
        for criterion in ("interval", "random")
        for compensation in ("least_squares", "mean")
        for kept in (2, 4, 8)
    ]
    drawn = [
        closed_form_figure[0],
        figures.significance({"a": scores, "b": scores}),
        figures.error_by_kept_neurons(sweep, {"price_rmse": 1e-3, "delta_rmse": 1e-2}),
        figures.learning_curves({"dense": np.geomspace(1, 0.1, 20)}),
    ]
    for figure in drawn:
        width, height = png_size(figures.to_png(figure))
        assert width > 1000
        assert height > 400
        assert len(np.unique(pixels(figure).reshape(-1, 3), axis=0)) > 10


def test_pictures_are_reproducible():
    curves = {"dense": np.geomspace(1, 0.1, 20)}
    first, second = (figures.to_png(figures.learning_curves(curves)) for _ in range(2))
    assert first == second
