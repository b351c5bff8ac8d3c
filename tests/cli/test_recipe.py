"""Recipes: a file says what the command line would, for one training or for several."""

import json
import re

import numpy as np
import pytest
from test_profiles import profiles_of

import pssp_tutorial.proteins.chains as chains_module
from pssp_tutorial.cli import train_step
from pssp_tutorial.cli.main import main
from pssp_tutorial.cli.recipe import read_recipe
from pssp_tutorial.cli.step import DEFAULTS
from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.core.resources import PACKAGE
from pssp_tutorial.models.storage import load_pretrained
from pssp_tutorial.proteins.chains import ChainSet, load_chains

RELEASE = PACKAGE.parent / "tools" / "data" / "release.toml"

STEPS = """
profiles = "profiles.npz"
states = 8
embedding = 8
accessibility-weight = 0.25
average = 0.5
epochs = 2
threads = 1
quiet = true

[[step]]
read-profile = true
hidden = 6
checkpoint = "teacher.pt"
out = "teacher.safetensors"

[[step]]
teacher = ["teacher.safetensors"]
profile-weight = 0.25
relatives = 0.6
fading = 2
kernel = 3
hidden = 8
checkpoint = "first.pt"
out = "first.safetensors"

[[step]]
start = "first.safetensors"
teacher = ["teacher.safetensors"]
kernel = 3
hidden = 8
seed = 1
learning-rate = 0.002
checkpoint = "second.pt"
out = "second.safetensors"

[[step]]
mean-of = ["first.safetensors", "second.safetensors"]
out = "mean.safetensors"
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with profiles of eleven chains, which are all that there are."""
    mini = load_chains("mini")
    few = mini.train[:8] + mini.val[:3]
    small = ChainSet(few, ("train",) * 8 + ("val",) * 3, tuple(record.id for record in few), (True,) * 11)
    for place in (chains_module, train_step):
        monkeypatch.setattr(place, "load_chains", lambda *_, **__: small)
    profiles = profiles_of(few)
    frequencies = np.concatenate(list(profiles.values()))
    np.savez_compressed(tmp_path / "profiles.npz", ids=np.array(list(profiles)), frequencies=frequencies)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_steps_run_in_order_and_a_stopped_recipe_goes_on(folder, monkeypatch):
    """As the release does: a teacher, a student, a second one that goes on from it, and their mean."""
    (folder / "recipe.toml").write_text(STEPS)
    fit, calls = train_step.fit, []

    def stopped(*arguments, **settings):
        calls.append(settings["checkpoint"])
        if len(calls) == 2:
            raise KeyboardInterrupt
        return fit(*arguments, **settings)

    with monkeypatch.context() as patch:
        patch.setattr(train_step, "fit", stopped)
        assert main(["train", "recipe.toml"]) == 130
    assert calls == ["teacher.pt", "first.pt"]
    assert main(["train", "recipe.toml"]) == 0
    names = ("teacher", "first", "second", "mean")
    written = {name: (folder / f"{name}.safetensors").read_bytes() for name in names}
    teacher, first, second, mean = (load_pretrained(folder / f"{name}.safetensors") for name in names)
    assert (teacher.config["input_size"], first.config["input_size"]) == (41, 21)
    assert second.card["options"]["start"] == "first.safetensors"
    assert mean.card["mean_of"] == [first.card, second.card]
    assert main(["train", "recipe.toml"]) == 0
    assert written == {name: (folder / f"{name}.safetensors").read_bytes() for name in names}


def test_a_recipe_says_the_same_as_the_command_line(folder):
    """The same weights and the same card, whichever way the options come in."""
    (folder / "recipe.toml").write_text('hidden = 8\nepochs = 1\ndropout = 0\nquiet = true\nout = "a.safetensors"')
    assert main(["train", "recipe.toml"]) == 0
    command = "train --hidden 8 --epochs 1 --dropout 0 --quiet --out b.safetensors"
    assert main(command.split()) == 0
    assert (folder / "a.safetensors").read_bytes() == (folder / "b.safetensors").read_bytes()


def test_the_command_line_counts_more_than_the_recipe(folder):
    """Even where it gives what would be the default."""
    (folder / "recipe.toml").write_text(STEPS)
    steps = read_recipe("recipe.toml", {"hidden": 64, "seed": 0})
    assert [(step.hidden, step.seed, step.epochs) for step in steps] == [(64, 0, 2)] * 4


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ("hiden = 8", r"recipe\.toml: 'hiden' is no option; expected one of accessibility-weight, average, .*warmup"),
        ("learning_rate = 0.1", "'learning_rate' is no option"),
        ("run = 1", "'run' is no option"),
        ("hidden = 'many'", r"recipe\.toml: argument --hidden: 'many'; expected a number"),
        ("hidden = 0", "argument --hidden: '0'; expected a number from 1 to 4096"),
        ("hidden = [8, 8]", r"hidden is \[8, 8\]; expected a number or a text"),
        ("states = 5", "argument --states: invalid choice: 5"),
        ("bfloat16 = 1", "bfloat16 is 1; expected true or false"),
        ("teacher = 3.5\nhidden = {}", "hidden is {}; expected a number"),
        ("mean-of = ['a.safetensors']", "argument --mean-of: expected 2 arguments"),
        ("step = 3", r"step is 3; expected tables under \[\[step\]\]"),
        ("[[step]]\nhidden = 8\n[[step]]\nhidde = 8", r"recipe\.toml: step 2: 'hidde' is no option"),
        ("hidden 8", r"recipe\.toml: not TOML \(.*line 1.*expected lines such as hidden = 128"),
        ("relatives = 0.5", r"recipe\.toml: --relatives is given; expected --profiles with it"),
        ("results = 'x'", "--results is given; expected --mean-of"),
        ("hidden = 8", "no file to write; expected --out mine.safetensors, or out = in the recipe"),
        ("step = []", r"recipe\.toml: no step"),
        ('out = "a\\u0000.safetensors"', r"recipe\.toml: out is 'a\\x00\.safetensors'; expected no zero byte"),
        ("teacher = '--quiet'", r"teacher is '--quiet'; expected .* before a name that begins with -"),
        ("hidden = 999999999999", "'999999999999'; expected a number from 1 to 4096"),
        ("out = 'a.safetensors'\n[[step]]\n[[step]]", r"a\.safetensors: would be written twice"),
    ],
)
def test_what_is_wrong_with_a_recipe_is_said_before_the_work(tmp_path, monkeypatch, capsys, recipe, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipe.toml").write_text(recipe)
    assert main(["train", "recipe.toml"]) == 1
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert re.search(message, said)
    assert [path.name for path in tmp_path.iterdir()] == ["recipe.toml"]


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ("dropout = 1.5", "dropout is 1.5"),
        ("kernel = 4", "4; expected"),
        ("hidden = 4096\nlayers = 64", "weights; expected at most 1,000,000,000"),
        ("epochs = 0", "max_epochs is 0"),
        ("learning-rate = -1", "learning_rate is -1.0"),
        ("device = 'abacus'", "device is 'abacus'"),
        ("start = 'b.safetensors'", "b.safetensors: no such file"),
        ("profiles = 'profiles.npz'\nteacher = ['a.safetensors', 'c.safetensors']", "c.safetensors: no such file"),
    ],
)
def test_every_step_is_checked_before_the_first_trains(folder, capsys, second, message):
    """A mistake in the last step must not show after hours; a model that an earlier step writes may be missing."""
    first = "hidden = 8\nepochs = 1\nquiet = true\n[[step]]\nout = 'a.safetensors'\n[[step]]\nout = 'd.safetensors'\n"
    (folder / "recipe.toml").write_text(first + second)
    assert main(["train", "recipe.toml"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("pssp: recipe.toml: step 2: ")
    assert message in said
    assert not (folder / "a.safetensors").exists()


def test_a_recipe_that_is_not_there():
    with pytest.raises(PSSPError, match=r"nothing\.toml: no such file"):
        read_recipe("nothing.toml", {})


def test_the_options_of_the_command_line_are_those_of_a_step(capsys):
    """One that a recipe cannot give, or the help does not show, would be forgotten by somebody."""
    main(["train", "--help"])
    shown = capsys.readouterr().out
    assert all(f"--{name}" in shown for name in DEFAULTS)


def test_the_recipe_of_the_release_is_that_of_the_shipped_file():
    """What the card of the shipped model says of its two parts is what the recipe would do again."""
    if not RELEASE.exists():
        pytest.skip("no checkout")
    steps = read_recipe(RELEASE, {})
    for step, card in zip(steps[1:3], load_pretrained().card["mean_of"], strict=True):
        said = {name.replace("-", "_"): getattr(step, name.replace("-", "_")) for name in DEFAULTS}
        said = {name: train_step._shown(value) for name, value in said.items()}
        known = {name: value for name, value in card["options"].items() if name not in ("command", "threads")}
        assert json.loads(json.dumps({name: said[name] for name in known})) == known
    assert list(steps[3].mean_of) == [steps[1].out, steps[2].out]
