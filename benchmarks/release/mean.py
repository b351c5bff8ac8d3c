"""The weighted mean of two networks, of which the second went on from the first: the weight that validation likes best.

    python benchmarks/release/mean.py FIRST.safetensors SECOND.safetensors --out data/models/release.safetensors

The share of the second runs from 0 to 1 in tenths; the lowest validation loss decides. Such means were called a model
soup: Wortsman et al. 2022, arXiv 2203.05482.
"""

import argparse

import torch

import pssp_tutorial as pssp


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("parts", nargs=2)
    options.add_argument("--out", required=True)
    options.add_argument("--share", type=float, help="of the second, 0 to 1; left out: searched for")
    options.add_argument("--results", default="release_parts", help="name of the file of the search's numbers")
    chosen = options.parse_args()
    first, second, mean = map(pssp.load_pretrained, (*chosen.parts, chosen.parts[0]))
    val = pssp.load_chains().val
    three, eight = (pssp.make_loader(val, 16_000, classes=classes) for classes in (3, 8))
    pairs = list(zip(first.state_dict().items(), second.state_dict().values(), strict=True))

    def weigh(share: float) -> None:
        mean.load_state_dict({name: torch.lerp(one, other, share) for (name, one), other in pairs})

    share = chosen.share
    if share is None:
        loss, q3 = {}, {}
        for tenths in range(11):
            weigh(tenths / 10)
            loss[tenths], q3[tenths] = pssp.validate(mean, eight).loss, pssp.evaluate(mean, three).q3
            print(f"{tenths / 10}: loss {loss[tenths]:.4f}, Q3 {q3[tenths]:.4f}")
        best = min(loss, key=loss.get)
        share = best / 10
        values = {"share": share, "first_q3": q3[0], "half_q3": q3[5], "second_q3": q3[10], "mean_q3": q3[best]}
        values |= {"loss": list(loss.values()), "q3": list(q3.values())}
        command = f"python benchmarks/release/mean.py FIRST SECOND --out OUT --results {chosen.results}"
        pssp.save_results(chosen.results, values, command=command)
    weigh(share)
    card = {key: first.card[key] for key in ("data", "train_chains")}
    card |= {
        "mean_of": [first.card, second.card],
        "share_of_the_second": share,
        "val_q3": pssp.evaluate(mean, three).q3,
    }
    pssp.save_pretrained(mean, chosen.out, card=card)


if __name__ == "__main__":
    main()
