"""Recorded histories: every version of a workflow must decide as the released one did, or runs under way would break."""

import base64
import importlib
import re

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from tests.tree import SERVICES
from tools.record_histories import folder

RECORDED = [(service, path) for service in SERVICES for path in sorted(folder(service).glob("*.json"))]


def workflows(service: str) -> list[type]:
    return list(importlib.import_module(f"services.{service}.app").app.workflows)


def history(service: str, name: str) -> WorkflowHistory:
    return WorkflowHistory.from_json(name, (folder(service) / f"{name}.json").read_text("utf-8"))


@pytest.mark.parametrize(("service", "path"), RECORDED, ids=[path.stem for _, path in RECORDED])
async def test_a_recorded_history_is_decided_as_it_was(service, path):
    await Replayer(workflows=workflows(service)).replay_workflow(history(service, path.stem))


def test_every_workflow_has_a_recorded_history():
    recorded = {path.stem.rpartition("-")[0] for _, path in RECORDED}

    assert recorded == {found.__name__ for service in SERVICES for found in workflows(service)}


@workflow.defn(name="ImportStatement", sandboxed=False)
class Other:
    """What the released workflow did not do."""

    @workflow.signal
    def nudge(self) -> None:
        """Nothing."""

    @workflow.run
    async def run(self, unit: str, id_: str) -> None:
        """Wait where the released version took a step."""
        await workflow.sleep(60)


async def test_a_workflow_that_decides_otherwise_is_found():
    with pytest.raises(workflow.NondeterminismError):
        await Replayer(workflows=[Other]).replay_workflow(history("payments", "ImportStatement-1"))


@pytest.mark.parametrize(("service", "path"), RECORDED, ids=[path.stem for _, path in RECORDED])
def test_a_history_holds_ids_and_dates_alone(service, path):
    carried = [base64.b64decode(payload) for payload in re.findall(r'"data":"([A-Za-z0-9+/=]*)"', path.read_text("utf-8"))]

    assert carried
    assert [payload for payload in carried if not re.fullmatch(rb'[{}\[\]"a-z0-9_.:, -]*', payload)] == []
    assert "identity" not in path.read_text("utf-8")
