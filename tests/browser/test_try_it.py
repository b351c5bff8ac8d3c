"""The page "Try it" in the browser."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import test_site
from node import TOLERANCE, states_near_a_tie
from paper import CHROMIUM_OPTIONS

import pssp_tutorial as pssp
from pssp_tutorial.models.storage import load_pretrained

COMPUTED = "document.getElementById('try-it-message').textContent.includes('computed in')"
LISTEN = """globalThis.said = [];
const line = document.getElementById("try-it-message");
new MutationObserver(() => said.push(line.textContent)).observe(line, { childList: true })"""
RELEASE = """async (sequences) => {
    const model = await PSSP.startRelease(PSSP.releaseFile);
    return Promise.all(sequences.map((sequence) => model.predict(sequence)));
}"""
RUNS_THE_KERNEL = """globalThis.WebAssembly?.validate(
    Uint8Array.from(atob(PSSP.releaseFile.kernel), (letter) => letter.charCodeAt(0)))"""
BAD_LETTER = ">my protein\nMKTVRQERLK\nSIVRI1ERSK"
browser = test_site.browser


@pytest.fixture
def visit(site: Path, browser) -> Iterator[test_site.Visit]:
    with test_site.Visit(browser, (site / "try_it.html").as_uri()) as visit:
        yield visit
        assert visit.complaints == []
        assert [url for url in visit.requests if not url.startswith(("file:", "blob:"))] == []


def test_the_browser_agrees_with_pytorch(visit: test_site.Visit, expected: list[pssp.Prediction]) -> None:
    """The page as built, from file://."""
    visit.ask("globalThis.model = PSSP.loadModel(PSSP.smallModel)")
    worst = 0.0
    for each in expected:
        got = visit.page.evaluate("(sequence) => PSSP.predict(model, sequence).probabilities", each.sequence)
        worst = max(worst, np.abs(np.array(got) - each.probabilities).max())
    assert worst < TOLERANCE


def test_the_release_in_the_browser_agrees_with_pytorch(visit: test_site.Visit) -> None:
    """Chromium's own compiler of WebAssembly, in the worker, on three chains of different lengths."""
    proteins = pssp.load_chains().test[:3]
    got = visit.page.evaluate(RELEASE, [record.sequence for record in proteins])
    states_near_a_tie(got, pssp.predict(proteins, device="cpu"))


def test_a_long_protein_tells_its_progress(visit: test_site.Visit) -> None:
    """A reader who waits must see that something happens, and then see the end of it."""
    visit.ask(LISTEN)
    sequence = "".join(record.sequence for record in pssp.load_chains().test[:20])[:1500]
    visit.page.get_by_role("textbox", name="Protein sequence").fill(f">long\n{sequence}")
    visit.page.get_by_role("button", name="Predict", exact=True).click()
    assert visit.page.locator("#predictor").get_attribute("aria-busy") == "true"
    visit.page.wait_for_function(COMPUTED)
    *progress, last = visit.ask("said")
    assert progress == [f"long: {share}% computed" for share in range(0, 100, 10)]
    assert last.startswith("long: 1500 residues, ")
    assert visit.page.locator("#predictor").get_attribute("aria-busy") is None


def test_progress_stays_with_the_chosen_record(visit: test_site.Visit) -> None:
    """Who looks at another record meanwhile must not be left with the line of the first."""
    page, message = visit.page, visit.page.locator("#try-it-message")
    page.get_by_role("textbox", name="Protein sequence").fill(f">long\n{'MKTVRQERLK' * 200}\n>bad\nMK1")
    page.get_by_role("button", name="Predict", exact=True).click()
    page.wait_for_function("document.getElementById('try-it-message').textContent.includes('0% computed')")
    page.get_by_role("combobox", name="Record", exact=True).select_option("bad (3)")
    assert "bad: residue 3 is “1”" in message.inner_text()
    page.wait_for_function("document.querySelector('[data-part=kept]').textContent === '1 predicted, 1 left out'")
    assert "bad: residue 3 is “1”" in message.inner_text()


def test_the_box_stays_when_the_page_is_laid_out_anew(visit: test_site.Visit) -> None:
    """The rows are drawn again for another width, and must still show where the cursor is."""
    page = visit.page
    page.get_by_role("button", name="mostly helix").click()
    page.wait_for_function(COMPUTED)
    page.get_by_role("slider", name="Residue").fill("30")
    rows, boxes = page.locator("[data-part=rows]"), page.locator(".prediction-row .cursor")
    before = rows.get_attribute("data-columns")
    page.set_viewport_size(test_site.PHONE)
    page.wait_for_function(f"document.querySelector('[data-part=rows]').dataset.columns !== '{before}'")
    shown = [k for k in range(boxes.count()) if boxes.nth(k).get_attribute("visibility") == "visible"]
    assert shown == [29 // int(rows.get_attribute("data-columns"))]


def test_a_sequence_by_keyboard_only(visit: test_site.Visit, released: list[pssp.Prediction]) -> None:
    """From the text field by Tab and Enter to the prediction, and along its residues with the arrow keys."""
    page, prediction = visit.page, min(released, key=lambda each: len(each.sequence))
    page.get_by_role("textbox", name="Protein sequence").focus()
    page.keyboard.insert_text(prediction.sequence.lower())
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_function(COMPUTED)
    assert "by the release model" in page.get_by_role("status").first.inner_text()
    assert f"{len(prediction.sequence)} residues" in page.get_by_role("status").first.inner_text()
    sequence, states = page.locator("[data-part=plain]").text_content().split("\n")
    assert sequence == prediction.sequence
    assert sum(a != b for a, b in zip(states, prediction.states, strict=True)) <= 2  # ties
    drawn = page.locator(".prediction-row")
    assert drawn.first.get_attribute("aria-label").startswith("Residues 1 to ")
    assert drawn.count() == -(
        -len(prediction.sequence) // int(page.locator("[data-part=rows]").get_attribute("data-columns"))
    )
    slider = page.get_by_role("slider", name="Residue")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext").startswith("Residue 4, ")
    assert page.locator(".readout").inner_text().startswith("Residue 4, ")
    page.set_viewport_size(test_site.PHONE)
    assert visit.ask(test_site.OVERFLOW) == [0, 0]


def test_bad_input_is_explained(visit: test_site.Visit) -> None:
    """With the place, the letter and what is expected; the letter is selected, and an old prediction goes away."""
    page = visit.page
    field, message = page.get_by_role("textbox", name="Protein sequence"), page.locator("#try-it-message")
    page.get_by_role("button", name="mostly helix").click()
    page.locator("[data-part=result]").wait_for()
    field.fill(BAD_LETTER)
    page.get_by_role("button", name="Predict", exact=True).click()
    assert "my: residue 16 is “1”" in message.inner_text()
    assert pssp.AMINO_ACIDS in message.inner_text()
    assert field.get_attribute("aria-invalid") == "true"
    assert field.get_attribute("aria-describedby") == message.get_attribute("id")
    assert visit.ask("getSelection().toString() || document.activeElement.value.slice("
                     "document.activeElement.selectionStart, document.activeElement.selectionEnd)") == "1"  # fmt: skip
    assert not page.locator("[data-part=result]").is_visible()
    for text, words in {"": "nothing to predict yet", ">a\n>b\nMKT": "no residues follow", "M" * 5001: "at most 5,000",
                        "MK*T": "stop codon", "<b>": "residue 1 is “<”"}.items():  # fmt: skip
        field.fill(text)
        page.get_by_role("button", name="Predict", exact=True).click()
        assert words in message.inner_text()


def test_what_was_read_otherwise_is_said(visit: test_site.Visit) -> None:
    page = visit.page
    field, message = page.get_by_role("textbox", name="Protein sequence"), page.locator("#try-it-message")
    field.fill(">one\nMKUUTB\n>two\nGATTACAGATTACAGATTACA")
    field.press("Control+Enter")
    page.wait_for_function(COMPUTED)
    assert "Read: U as C (2 ×), B as X (1 ×)." in message.inner_text()
    page.get_by_role("combobox", name="Record", exact=True).select_option("two (21)")
    page.wait_for_function("document.getElementById('try-it-message').textContent.startsWith('two: 21 residues')")
    assert message.inner_text().startswith("two: 21 residues")
    assert "translate the gene" in message.inner_text()
    field.fill("M")
    field.press("Control+Enter")
    page.wait_for_function("document.getElementById('try-it-message').textContent.includes(': 1 residue, ')")


def test_several_records_are_kept_together(visit: test_site.Visit) -> None:
    """All that can be read, in their order; one that cannot is left out, and the page says so."""
    page = visit.page
    page.get_by_role("textbox", name="Protein sequence").fill(">one\nMKTVRQERLK\n>bad\nMK1\n>two\nGAVLIGAVLI")
    page.get_by_role("button", name="Predict", exact=True).click()
    page.wait_for_function("document.querySelector('[data-part=kept]').textContent === '2 predicted, 1 left out'")
    with page.expect_download() as download:
        page.get_by_role("button", name="all as JSON lines").click()
    assert download.value.suggested_filename == "predictions.jsonl"
    lines = [json.loads(line) for line in Path(download.value.path()).read_text().splitlines()]
    assert [(line["id"], len(line["states"])) for line in lines] == [("one", 10), ("two", 10)]
    with page.expect_download() as download:
        page.get_by_role("button", name="this one as ss2").click()
    assert download.value.suggested_filename == "one.ss2"


def test_the_fasta_file_holds_what_the_page_shows(visit: test_site.Visit) -> None:
    """Each record's states, whole also where they take several lines, under its own name."""
    page = visit.page
    records = {"one": "MKTVRQERLKSIVRILERSKEPVSGAQ", "two": "GAVLIGAVLIKKLLEEAAKK" * 7}
    text = "".join(f">{name} a protein\n{sequence}\n" for name, sequence in records.items())
    page.get_by_role("textbox", name="Protein sequence").fill(text)
    page.get_by_role("button", name="Predict", exact=True).click()
    shown = {}
    for name, sequence in records.items():
        page.get_by_role("combobox", name="Record", exact=True).select_option(f"{name} ({len(sequence)})")
        page.wait_for_function(
            f"document.getElementById('try-it-message').textContent.startsWith('{name}: {len(sequence)} ')"
        )
        read, shown[name] = page.locator("[data-part=plain]").text_content().split("\n")
        assert read == sequence
    with page.expect_download() as download:
        page.get_by_role("button", name="all as FASTA").click()
    assert download.value.suggested_filename == "states.fasta"
    lines = Path(download.value.path()).read_text().splitlines()
    kept = {}
    for line in lines:
        if line.startswith(">"):
            name = line[1:]
            kept[name] = ""
        else:
            kept[name] += line
    assert kept == shown
    assert max(map(len, lines)) == 60


@pytest.mark.parametrize("lacking", ["SIMD", "WebAssembly", "workers"])
def test_an_old_browser_has_the_small_model(site: Path, browser, lacking: str) -> None:
    """It gets a worse prediction, not none, and is told so."""
    flags = {"SIMD": ["--js-flags=--no-enable-sse4-1"], "WebAssembly": ["--js-flags=--jitless"]}.get(lacking, [])
    old = browser.browser_type.launch(executable_path=test_site.CHROMIUM, args=[*CHROMIUM_OPTIONS, *flags])
    with closing(old), test_site.Visit(old, (site / "try_it.html").as_uri()) as visit:
        if lacking == "workers":
            visit.ask("delete globalThis.Worker")
        elif visit.ask(RUNS_THE_KERNEL):
            pytest.skip(f"this processor has no {lacking} that Chromium can be told to leave aside")
        visit.page.get_by_role("textbox", name="Protein sequence").fill("MKTVRQERLKSIVRILERSKEPVSGAQ")
        visit.page.get_by_role("button", name="Predict", exact=True).click()
        visit.page.wait_for_function(COMPUTED)
        message = visit.page.locator("#try-it-message").inner_text()
        assert "by the small model, because this browser cannot run the release model" in message
        states = visit.page.locator("[data-part=plain]").text_content().split("\n")[1]
        assert states == pssp.predict(load_pretrained("small"), "MKTVRQERLKSIVRILERSKEPVSGAQ").states


def test_the_prediction_on_the_structure(visit: test_site.Visit) -> None:
    """An example is drawn in space, with its wrong residues, and follows the cursor; a chain of one's own is not."""
    page, part = visit.page, visit.page.locator("[data-part=structure]")
    page.get_by_role("button", name="mostly strand").click()
    part.wait_for()
    sequence, states = page.locator("[data-part=plain]").text_content().split("\n")
    (record,) = (each for each in pssp.load_chains("mini").test if each.sequence == sequence)
    truth = pssp.reduce_states(record.structure)
    slider, pointed = page.get_by_role("slider", name="Residue"), page.locator("[data-part=pointed]")
    wrong = next(k for k, (state, real) in enumerate(zip(states, truth, strict=True)) if state != real)
    names = {"H": "helix", "E": "strand", "C": "coil"}
    slider.fill(str(wrong + 1))
    assert f" {wrong + 1}: {names[states[wrong]]}, wrong: in truth {names[truth[wrong]]}" in pointed.inner_text()
    page.get_by_role("textbox", name="Protein sequence").fill(sequence + "A")
    page.get_by_role("button", name="Predict", exact=True).click()
    part.wait_for(state="hidden")
