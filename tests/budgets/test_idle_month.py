"""While nothing happens, nearly nothing is paid."""

from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from bench import idle_month
from local.workspace import ROOT


@pytest.fixture
def template() -> dict[str, Any]:
    found: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
    return found


def figures() -> dict[str, float]:
    return {it.name.removeprefix("idle_month."): it.value for it in idle_month.measure()}


def test_a_stage_to_develop_in_costs_less_than_a_dollar_a_month() -> None:
    assert [it.name for it in idle_month.measure() if it.is_over] == []
    assert figures()["dev"] < 1


def test_production_has_a_key_of_its_own_and_pays_for_it() -> None:
    assert figures()["prod"] == pytest.approx(figures()["dev"] + 1)


def test_one_more_queue_that_a_function_reads_would_be_over_the_budget(
    template: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    events = template["Resources"]["StopCalls"]["Properties"]["Events"]
    events["Queue"] = {"Type": "SQS", "Properties": {"Queue": "arn"}}
    monkeypatch.setattr(idle_month, "yaml_parse", lambda text: template)

    assert [it.name for it in idle_month.measure() if it.is_over] == ["idle_month.dev"]


def test_a_sweep_is_paid_for_by_how_often_it_is_and_by_its_memory() -> None:
    function = {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "MemorySize": 2048,
            "Events": {"Sweep": {"Type": "Schedule", "Properties": {"Schedule": "rate(2 hours)"}}},
        },
    }
    idle = idle_month.read(
        {"Globals": {"Function": {"MemorySize": 512}}, "Resources": {"Sweeper": function}}
    )

    assert idle.sweeps == 365
    assert idle.sweeps_gb_s == pytest.approx(365 * 0.03 * 2)


def test_the_page_on_performance_has_these_figures() -> None:
    page, found = (ROOT / "docs" / "performance.md").read_text(), figures()

    for stage, beyond in (("dev", found["beyond_free"]), ("prod", found["beyond_free"] + 1)):
        line = (
            f"| **`sam deploy --config-env {stage}`** | | **{found[stage]:.2f}** | {beyond:.2f} |"
        )
        assert line in page
