"""The quizzes' files are jupyterquiz's too: it shows them with the same answers and explanations, without a network.

The chapters don't use it: it asks a server for MathJax, needs JavaScript that runs (JupyterLab holds it back in a
notebook from elsewhere), and gives its output random names, so that no two builds are alike.
"""

import json

import pytest
import test_site

from pssp_tutorial.checks.quizzes import quiz_path

jupyterquiz = pytest.importorskip("jupyterquiz", reason="jupyterquiz is not installed: pip install -e '.[dev]'")
browser = test_site.browser


@pytest.mark.parametrize("number", range(1, 9))
def test_shown_by_jupyterquiz(number, browser, tmp_path, monkeypatch):
    parts = []
    monkeypatch.setattr("jupyterquiz.dynamic.display.display", parts.append)
    jupyterquiz.display_quiz(str(quiz_path(number)), shuffle_answers=False)
    html, script = (part.data for part in parts)
    page_file = tmp_path / "quiz.html"
    page_file.write_text(f"<meta charset='utf-8'>{html}<script>{script}</script>", encoding="utf-8")
    page = browser.new_page()
    page.route("http*://**", lambda route: route.abort())
    page.goto(page_file.as_uri())
    for place, question in enumerate(json.loads(quiz_path(number).read_text(encoding="utf-8"))):
        box = page.locator(".Quiz").nth(place)
        for answer in question["answers"]:
            box.locator(".MCButton", has_text=answer["answer"]).first.click()
            assert box.locator(".Feedback").inner_text() == answer["feedback"]
            assert box.locator(".Feedback.correct").count() == answer["correct"]
    page.close()
