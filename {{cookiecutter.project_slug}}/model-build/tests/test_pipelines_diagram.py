"""The pictures of the pipeline show what the definition says."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from definitions import VARIANTS, definition

from model_build.pipelines.diagram import BEGIN, END, DiagramError, mermaid, svg, update_readme
from model_build.settings import PROJECT_ROOT, load_settings

DEFINITION = definition(*VARIANTS[0])


def test_every_step_and_both_branches_of_the_gate_are_drawn() -> None:
    text = mermaid(DEFINITION)
    assert 'CheckContract["Check Contract"]' in text
    assert "Gate -->|yes| Package" in text and "Gate -->|no| GateFailed" in text
    assert ("CheckBias" in text) == load_settings().checks_bias


def test_edges_that_others_imply_are_left_out() -> None:
    assert "Preprocess --> Evaluate" not in mermaid(DEFINITION)


def test_svg_is_xml_whose_text_stays_text() -> None:
    texts = [element.text for element in ElementTree.fromstring(svg(DEFINITION)).iter() if element.tag.endswith("text")]
    assert {"Preprocess", "Train", "Gate", "yes", "no", "Register"} <= set(texts)


def test_boxes_do_not_overlap() -> None:
    boxes = re.findall(r'<rect x="(-?[\d.]+)" y="([\d.]+)" width="(\d+)" height="(\d+)"', svg(DEFINITION))
    places = [tuple(map(float, box)) for box in boxes]
    for index, (x, y, width, height) in enumerate(places):
        assert all(abs(x - other[0]) >= width or abs(y - other[1]) >= height for other in places[:index])


def test_committed_picture_is_up_to_date() -> None:
    drawn = (PROJECT_ROOT / "docs" / "training-pipeline.svg").read_text(encoding="utf-8")
    assert drawn == svg(DEFINITION), "docs/training-pipeline.svg is not this pipeline: run `make diagram`"


def test_readme_shows_this_pipeline() -> None:
    readme = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
    assert mermaid(DEFINITION) in readme, "README.md does not show this pipeline: run `make diagram`"


def test_readme_is_changed_between_the_markers_only(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    assert update_readme(readme, "flowchart TD\n")
    assert readme.read_text() == f"before\n{BEGIN}\n```mermaid\nflowchart TD\n```\n{END}\nafter\n"
    assert not update_readme(readme, "flowchart TD\n")


def test_readme_without_markers_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("no place\n")
    with pytest.raises(DiagramError, match="pipeline:begin"):
        update_readme(tmp_path / "README.md", "flowchart TD\n")
    assert (tmp_path / "README.md").read_text() == "no place\n"
