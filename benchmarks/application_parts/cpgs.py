"""Hidden levels along a chromosome: means of neighbours, a linear model, boosting and an LSTM (chapter 17).

Whatever learns gets each row of the training stretch four times, with other CpGs hidden. About four minutes.
"""

from dataclasses import replace

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from torch import Tensor, nn

import pssp_tutorial as pssp
from application_parts.common import SEEDS, save, summarise, timed, trained
from pssp_tutorial.applications.cpgs import EDGE, CpGSequences

NEIGHBOURS, STRETCH, HIDINGS = 5, 250_000, 4
USUAL_LEVEL, USUAL_GAP = 0.77, 1.5
"""Means over the chromosome, of the level and of the logarithm of the gap."""


class LevelTagger(nn.Module):
    """A level between 0 and 1 at every position, from both sides."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.tagger = pssp.BiLSTM(hidden_size, 1, 1, input_size=input_size, embedding_size=None, dropout=0.0)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the levels [batch, length] of `inputs` [batch, length, channel]; `lengths` [batch]."""
        return self.tagger(inputs, lengths).squeeze(-1).sigmoid()


def cpg_loader(sequences: CpGSequences, *, draws: int | None = None, seed: int = 0) -> pssp.SequenceLoader:
    """Batches of 64 rows of CpGs [position, 4]; the levels that are hidden are to be predicted.

    The channels: the level, whether it is hidden, and the gaps before and after. For training, ``draws`` takes each row
    so many times, and hides other CpGs each time, as large a share as ``sequences`` hides.
    """
    generator = np.random.default_rng(seed)
    rows = np.tile(np.arange(len(sequences)), draws or 1)
    hidden = sequences.hidden[rows]
    if draws is not None:
        hidden[:, EDGE:-EDGE] = generator.permuted(hidden[:, EDGE:-EDGE], axis=1)
    levels, gaps = sequences.levels[rows], np.log10(np.diff(sequences.positions[rows], axis=1)) - USUAL_GAP
    inputs = np.zeros((*levels.shape, 4), dtype=np.float32)
    inputs[:, :, 0] = np.where(hidden, 0, levels - USUAL_LEVEL)
    inputs[:, :, 1] = hidden
    inputs[:, 1:, 2] = inputs[:, :-1, 3] = gaps
    labels = np.where(hidden, levels, np.nan).astype(np.float32)
    return pssp.SequenceLoader(list(inputs), list(labels), batch_positions=64 * levels.shape[1], seed=seed)


def neighbours(part: CpGSequences) -> tuple[np.ndarray, np.ndarray]:
    """Of each hidden CpG the levels of the five nearest visible ones on either side, and their distances; nan: none."""
    levels, distances = [], []
    for row, hidden in enumerate(part.hidden):
        visible = np.flatnonzero(~hidden)
        for place in np.flatnonzero(hidden):
            at = np.searchsorted(visible, place)
            near = np.full(2 * NEIGHBOURS, -1)
            before, after = visible[max(0, at - NEIGHBOURS) : at][::-1], visible[at : at + NEIGHBOURS]
            near[: len(before)], near[NEIGHBOURS : NEIGHBOURS + len(after)] = before, after
            levels.append(np.where(near < 0, np.nan, part.levels[row, near]))
            away = np.abs(part.positions[row, near] - part.positions[row, place])
            distances.append(np.where(near < 0, np.nan, away))
    return np.array(levels), np.array(distances)


def learnt(train: CpGSequences) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Levels and distances of the neighbours, and the hidden levels themselves, from several ways to hide."""
    generator, found = np.random.default_rng(0), []
    for _ in range(HIDINGS):
        hidden = train.hidden.copy()
        hidden[:, EDGE:-EDGE] = generator.permuted(hidden[:, EDGE:-EDGE], axis=1)
        found.append((*neighbours(replace(train, hidden=hidden)), train.levels[hidden].astype(float)))
    levels, distances, known = map(np.concatenate, zip(*found, strict=True))
    return levels, distances, known


def by_distance(levels: np.ndarray, distances: np.ndarray) -> np.ndarray:
    weights = np.nan_to_num(1 / (distances + 50))
    return (weights * np.nan_to_num(levels)).sum(axis=1) / weights.sum(axis=1)


def cpgs() -> None:
    """Writes applications_cpgs.json."""
    parts = pssp.cpg_sequences(pssp.load_cpgs())
    train, test = parts["train"], parts["test"]
    expected = test.levels[test.hidden].astype(float)
    near, (*near_train, known) = neighbours(test), learnt(train)
    features = [np.concatenate([levels, np.log10(1 + away)], axis=1) for levels, away in (near, near_train)]
    filled = [np.where(np.isnan(one), np.nanmean(features[1], axis=0), one) for one in features]
    baselines = {
        "mean": lambda: np.full(len(expected), train.levels.mean()),
        "two nearest": lambda: np.nanmean(near[0][:, [0, NEIGHBOURS]], axis=1),
        "inverse distance": lambda: by_distance(*near),
        "ridge": lambda: Ridge(1.0).fit(filled[1], known).predict(filled[0]),
        "boosting": lambda: HistGradientBoostingRegressor(random_state=0).fit(features[1], known).predict(features[0]),
    }
    found, seconds = {}, {}
    for name, function in baselines.items():
        one, seconds[name] = timed(function)
        found[name] = [one]
    found["LSTM"] = []
    for seed in SEEDS:
        model, seconds["LSTM"] = trained(
            lambda: LevelTagger(4, 48),
            lambda seed: cpg_loader(train, draws=HIDINGS, seed=seed),
            cpg_loader(parts["val"]),
            seed,
            max_epochs=12,
            patience=4,
            learning_rate=4e-3,
            schedule="cosine",
        )
        told = np.stack([one.numpy() for one in pssp.outputs_in_order(model, cpg_loader(test))])
        found["LSTM"].append(told[test.hidden])

    def score(rows: np.ndarray, one: np.ndarray) -> float:
        return pssp.rmse(expected[rows], one[rows])

    noise = expected * (1 - expected) / test.reads[test.hidden]
    values = {"rmse": summarise(found, score, test.positions[test.hidden] // STRETCH), "seconds": seconds}
    save("cpgs", values | {"binomial_noise": np.sqrt(noise.mean())})
