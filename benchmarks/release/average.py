"""Write the mean of the weights of several models of one kind: the release is that of three trainings.

    python benchmarks/release/average.py data/models/release.safetensors first.safetensors second.safetensors ...

The models must have begun with the same weights, as `pssp train --start` lets them (Wortsman et al. 2022, Model soups,
arXiv 2203.05482): the mean of unrelated models is nothing. Prints the validation accuracy of each and of the mean.
"""

import sys
from pathlib import Path

import torch

import pssp_tutorial as pssp


def main(target: Path, *sources: str) -> None:
    models = [pssp.load_pretrained(source) for source in sources]
    mean = type(models[0])(**models[0].config)
    states = [model.state_dict() for model in models]
    mean.load_state_dict({name: torch.stack([state[name] for state in states]).mean(dim=0) for name in states[0]})
    val = pssp.make_loader(pssp.load_chains().val, batch_residues=16_000, classes=mean.num_classes)
    for name, model in zip([*sources, target], [*models, mean.eval()], strict=True):
        score = pssp.validate(model, val)
        print(f"{name}: val loss {score.loss:.4f}, val accuracy {score.accuracy:.4f}")
    card = {key: models[0].card[key] for key in ("data", "train_chains")}
    card |= {"mean_of": [model.card for model in models], "val_loss": score.loss, "val_accuracy": score.accuracy}
    pssp.save_pretrained(mean, target, card=card)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
