"""The mean of the weights of two trainings, of which the second went on from the first.

    python benchmarks/release/mean.py FIRST.safetensors SECOND.safetensors --out data/models/release.safetensors

Both parts and the mean are scored on the validation set, so that the choice among them is made there. Such means were
called a model soup: Wortsman et al. 2022, arXiv 2203.05482.
"""

import argparse

import torch

import pssp_tutorial as pssp


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("parts", nargs=2)
    options.add_argument("--out", required=True)
    chosen = options.parse_args()
    first, second = map(pssp.load_pretrained, chosen.parts)
    mean = pssp.load_pretrained(chosen.parts[0])
    weights = zip(first.state_dict().items(), second.state_dict().values(), strict=True)
    mean.load_state_dict({name: torch.lerp(one, other, 0.5) for (name, one), other in weights})
    loader = pssp.make_loader(pssp.load_chains().val, 16_000)
    values = {
        name: pssp.evaluate(model, loader).q3
        for name, model in {"first_q3": first, "second_q3": second, "mean_q3": mean}.items()
    }
    print(values)
    card = {
        "data": first.card["data"],
        "train_chains": first.card["train_chains"],
        "mean_of": [first.card, second.card],
        "val_q3": values["mean_q3"],
    }
    pssp.save_pretrained(mean, chosen.out, card=card)
    pssp.save_results("release_parts", values, command="python benchmarks/release/mean.py FIRST SECOND --out OUT")


if __name__ == "__main__":
    main()
