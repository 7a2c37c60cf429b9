"""A server takes infra/kubernetes/job-template.json for a work pool, and holds deployments to its variables."""

import json
from pathlib import Path

import pytest

TEMPLATE = json.loads((Path(__file__).parents[2] / "infra/kubernetes/job-template.json").read_text())

pytestmark = pytest.mark.xdist_group("engine")


def test_a_pool_of_jobs_is_made_of_the_template_and_checks_what_deployments_ask_for(prefect: str) -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import PrefectHTTPStatusError

    from flows.briefing import briefing

    with get_client(sync_client=True) as client:
        client.create_work_pool(WorkPoolCreate(name="jobs", type="kubernetes", base_job_template=TEMPLATE))
        assert client.read_work_pool("jobs").base_job_template == TEMPLATE
        flow = client.create_flow(briefing)
        asked = {"env": {"RESURGE_LOG": "json"}, "memory_limit": "12Gi"}
        made = client.create_deployment(flow, "as-jobs", work_pool_name="jobs", job_variables=asked)
        assert client.read_deployment(made).job_variables == asked
        with pytest.raises(PrefectHTTPStatusError, match="Sometimes"):
            client.create_deployment(flow, "wrong", work_pool_name="jobs", job_variables={"image_pull_policy": "Sometimes"})
        client.delete_deployment(made)
        client.delete_work_pool("jobs")
