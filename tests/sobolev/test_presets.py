"""Presets: within the limits they promise, and readable back from JSON."""

import json
from itertools import pairwise

import pytest

from sobolev import presets


def parameters(hidden):
    return sum((a + 1) * b for a, b in pairwise((7, *(width for width in hidden if width), 1)))


@pytest.mark.parametrize("name", presets.PRESETS)
def test_configuration_survives_json(name):
    config = presets.PRESETS[name](seed=3, dtype="float32")
    assert presets.from_dict(json.loads(json.dumps(config.as_dict()))) == config
    assert (config.preset, config.seed, config.dtype) == (name, 3, "float32")
    assert {config.training.seed, *(t.finetuning.seed for t in config.targets)} == {3}


@pytest.mark.parametrize("name", presets.PRESETS)
def test_targets_are_a_small_part_of_the_dense_network(name):
    config = presets.PRESETS[name]()
    assert config.labels.n_paths <= 2**20
    for target in config.targets:
        assert len(target.keep) == len(config.hidden)
        assert parameters(target.keep) <= 0.05 * parameters(config.hidden)


def test_paper_preset_has_the_sizes_of_the_paper():
    config = presets.paper()
    assert parameters(config.hidden) == 83_713
    assert {t.name: parameters(t.keep) for t in config.targets} == {"6x8": 433, "2x3": 40}


def test_unknown_and_missing_settings_are_named():
    content = presets.quick().as_dict()
    with pytest.raises(ValueError, match="MarketConfig needs the settings"):
        presets.from_dict(content | {"market": {"n_assets": 7}})
    with pytest.raises(ValueError, match=r"RunConfig needs the settings .* got .*'colour'"):
        presets.from_dict(content | {"colour": "red"})
    with pytest.raises(ValueError, match=r"LabelConfig needs the settings .* got 5"):
        presets.from_dict(content | {"labels": 5})
