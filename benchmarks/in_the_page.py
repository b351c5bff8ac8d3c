"""The models of "Try it", on the built page in Chromium: do they agree with PyTorch, and how fast are they?

    make book; PSSP_RESULTS=benchmarks/results python benchmarks/in_the_page.py

The page is opened from file://, as a reader has it. Of the small model: the largest difference of a probability over
100 test chains; and the time for 500 residues: the fastest of 20 rounds, by the clock, and the processor time of the
page's thread, which other work on the machine does not stretch. Of the release model, with its weights of 8 bits, in
the page's own worker: the same difference, the states that differ, and the time for 300 residues. Needs Chromium
(Debian and Ubuntu: apt install chromium).
"""

import filecmp
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from playwright.sync_api import CDPSession, Page, sync_playwright

import pssp_tutorial as pssp
from pssp_tutorial.models.storage import load_pretrained

REPOSITORY = Path(__file__).parents[1]
LIVE = REPOSITORY / "book" / "_assets" / "live"
SITES = [REPOSITORY / "build" / name / "_build" / "html" for name in ("site", "checked-site")]
SCRIPTS = ["small_model.js", "release_model.js", "lstm.js", "release.js", "sequence.js", "try_it.js"]
PROTEINS, RESIDUES, ROUNDS = 100, 500, 20
RELEASE_RESIDUES, RELEASE_ROUNDS = 300, 10
START = """() => {
    globalThis.model = PSSP.loadModel(PSSP.smallModel);
    const start = PSSP.startRelease; // keep the worker that the page starts at the first question
    PSSP.startRelease = (file) => (globalThis.release = start(file));
}"""
COMPUTED = "document.getElementById('try-it-message').textContent.includes('by the release model')"
RELEASE = "(sequence) => release.then((model) => model.predict(sequence))"
RELEASE_TIME = """async (sequence) => {
    const model = await release, start = performance.now();
    await model.predict(sequence);
    return performance.now() - start;
}"""
PREDICT = "(sequence) => PSSP.predict(model, sequence).probabilities"
TIME = """(sequence) => {
    const start = performance.now();
    PSSP.predict(model, sequence);
    return performance.now() - start;
}"""


def built_site() -> Path | None:
    """The site that was built last among those that have the scripts of the repository."""
    built = [site for site in SITES if not any(filecmp.cmpfiles(LIVE, site / "_static" / "live", SCRIPTS)[1:])]
    return max(built, key=lambda site: (site / "try_it.html").stat().st_mtime, default=None)


def open_page(page: Page, site: Path) -> None:
    """Open the page, and ask it once, so that both models are there."""
    page.goto((site / "try_it.html").as_uri())
    page.evaluate(START)
    page.get_by_role("textbox", name="Protein sequence").fill("MKTVRQERLK")
    page.get_by_role("button", name="Predict", exact=True).click()
    page.wait_for_function(COMPUTED)


def task_seconds(session: CDPSession, work: Callable) -> float:
    """Processor time that the page's thread spends on some work."""

    def spent() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")

    before = spent()
    work()
    return spent() - before


def release_values(page: Page, records: Sequence[pssp.ProteinRecord], residues: str) -> dict[str, float]:
    """The release model in the page's worker, beside PyTorch."""
    expected = pssp.predict(list(records), device="cpu")
    worst, differing, widest = 0.0, 0, 0.0
    for each in expected:
        got = page.evaluate(RELEASE, each.sequence)
        worst = max(worst, np.abs(np.array(got["probabilities"]) - each.probabilities).max())
        first, second = np.sort(each.probabilities, axis=1)[:, :-3:-1].T
        changed = np.array(list(got["states"])) != np.array(list(each.states))
        differing += int(changed.sum())
        widest = max(widest, (first - second)[changed].max(initial=0))
    clock = min(page.evaluate(RELEASE_TIME, residues[:RELEASE_RESIDUES]) for _ in range(RELEASE_ROUNDS))
    return {
        "proteins": len(expected),
        "residues": sum(map(len, records)),
        "largest_difference": float(worst),
        "differing": differing,
        "widest_tie": float(widest),
        "timed": RELEASE_RESIDUES,
        "milliseconds": clock,
        "script_bytes": (LIVE / "release_model.js").stat().st_size,
    }


def main() -> None:
    torch.set_num_threads(1)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("skipped: Chromium is not installed; it runs the pages' JavaScript (Debian: apt install chromium)")
        return
    site = built_site()
    if site is None:
        print("skipped: there is no built site with the scripts of this repository; make book builds it")
        return
    records = pssp.load_chains().test[:PROTEINS]
    expected = pssp.predict(load_pretrained("small"), records, device="cpu")
    residues = "".join(record.sequence for record in records)[:RESIDUES]
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        open_page(page, site)
        differences = [
            np.abs(np.array(page.evaluate(PREDICT, each.sequence)) - each.probabilities).max() for each in expected
        ]
        clock = min(page.evaluate(TIME, residues) for _ in range(ROUNDS))
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        processor = min(task_seconds(session, lambda: page.evaluate(TIME, residues)) for _ in range(ROUNDS))
        release = release_values(page, records, residues)
        version = browser.version
        browser.close()
    values = {
        "proteins": len(records),
        "largest_difference": max(differences),
        "residues": len(residues),
        "milliseconds": clock,
        "processor_milliseconds": 1000 * processor,
        "script_bytes": (LIVE / "small_model.js").stat().st_size,
        "release": release,
    }
    for name, value in values.items():
        print(f"{name}: {value:.3g}" if isinstance(value, float) else f"{name}: {value}")
    pssp.save_results("in_the_page", values, browser=f"Chromium {version}", command="make bench")


if __name__ == "__main__":
    main()
