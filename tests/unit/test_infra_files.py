"""The files of infra/ by rules that matter: schemas where there is a checker, the rules themselves where there is none.

No container, cluster or cloud is here to run them; the Terraform provider is none that can be installed, so its resources are
read as text, and its own formatter (`terraform fmt`) is asked where it is installed.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import prefect
import prefect.server.api.collections
import pytest
import yaml
from prefect.utilities.schema_tools import ValidationError, validate
from prefect.utilities.templating import apply_values

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
CONTAINER = (INFRA / "container/Containerfile").read_text()
TERRAFORM = "\n".join(path.read_text() for path in sorted((INFRA / "terraform").glob("*.tf")))
COMPOSE: dict[str, Any] = yaml.safe_load((INFRA / "compose.yaml").read_text())
MANIFESTS: list[dict[str, Any]] = [one for one in yaml.safe_load_all((INFRA / "kubernetes/worker.yaml").read_text()) if one]


def test_the_image_is_pinned_locked_and_not_root():
    lines = re.sub(r"\\\n\s*", " ", CONTAINER).splitlines()
    told = [line.split(maxsplit=1) for line in lines if line.strip() and not line.startswith("#")]
    words = [word for word, *_ in told]
    assert all(re.fullmatch(r"\S+(:\d+\.\d+\.\d+-\S+|@sha256:[0-9a-f]{64})", rest[0]) for word, *rest in told if word == "FROM")
    assert "ADD" not in words
    assert "--require-hashes" in CONTAINER
    assert words.index("USER") < words.index("HEALTHCHECK") < words.index("CMD")
    assert dict(told)["USER"].startswith("10001")
    assert not re.search(r"curl|wget|sudo|chmod 777|:latest", CONTAINER)
    copied = [part for word, rest in told if word == "COPY" for part in rest.split()[:-1]]
    assert all((ROOT / part).exists() for part in copied)


def test_the_image_holds_the_packages_that_installing_asks_for():
    asked = re.search(r"for package in (.+?) \"\$@\"", (ROOT / "run").read_text())
    assert asked
    assert set(asked[1].split()) <= set(CONTAINER.split())


def test_compose_starts_what_is_said_and_shows_nothing_to_the_outside():
    services = COMPOSE["services"]
    assert set(services) == {"database", "server", "worker", "store", "mail"}
    for name, service in services.items():
        assert ("image" in service) != ("build" in service), name
        assert re.search(r":v?\d+\.\d+", service.get("image", ":1.0")), f"{name}: no version"
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert not service.get("privileged"), name
        for other in service.get("depends_on", {}):
            assert other in services
        for volume in service.get("volumes", ()):
            assert volume.split(":")[0] in COMPOSE["volumes"]
        assert set(service["networks"]) <= set(COMPOSE["networks"])
    assert services["database"]["networks"] == services["store"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"]["internal"] is True


def test_compose_holds_no_secret_and_the_engine_has_a_login():
    text = (INFRA / "compose.yaml").read_text()
    secrets = re.findall(r"(?m)^\s+\S*(?:PASSWORD|SECRET_ACCESS_KEY|AUTH_STRING|PSEUDONYM_KEY): (.+)$", text)
    assert len(secrets) >= 5
    assert all(value.startswith("${") for value in secrets)
    asked = set(re.findall(r"\$\{([A-Z_]+)", text))
    named = {line.split("=")[0] for line in (INFRA / "compose.env.example").read_text().split()}
    assert asked == named
    assert "PREFECT_SERVER_API_AUTH_STRING" in COMPOSE["services"]["server"]["environment"]


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda one: one["kind"])
def test_a_manifest_fits_the_schema_of_kubernetes(manifest):
    kubernetes_validate.validate(manifest, "1.31", strict=True)


def test_the_worker_in_a_cluster_may_do_nothing_it_need_not():
    by_kind = {one["kind"]: one for one in MANIFESTS}
    pod = by_kind["Deployment"]["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is by_kind["ServiceAccount"]["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in [*pod["containers"], *pod["initContainers"]]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
        }  # fmt: skip
        assert {"memory"} <= set(container["resources"]["limits"])
        assert not container["image"].endswith(":latest")
        assert not any(re.search("PASSWORD|SECRET|KEY", entry["name"]) for entry in container.get("env", ()))
    policy = by_kind["NetworkPolicy"]["spec"]
    assert policy["ingress"] == []
    assert policy["podSelector"]["matchLabels"] == by_kind["Deployment"]["spec"]["selector"]["matchLabels"]


TEMPLATE: dict[str, Any] = json.loads((INFRA / "kubernetes/job-template.json").read_text())
STARTER = [one for one in yaml.safe_load_all((INFRA / "kubernetes/jobs.yaml").read_text()) if one]


def job_of(**given: Any) -> dict[str, Any]:
    """The job that a worker makes of the template: a run's values over the defaults, then texts as Kubernetes takes them."""
    defaults = {name: one["default"] for name, one in TEMPLATE["variables"]["properties"].items() if "default" in one}
    values = (
        defaults | {"name": "amber-reed", "command": "prefect flow-run execute", "labels": {"run": "1"}, "env": {"A": "b"}} | given
    )
    job: dict[str, Any] = apply_values(TEMPLATE["job_configuration"], values)["job_manifest"]
    (container,) = job["spec"]["template"]["spec"]["containers"]
    container["args"] = container["args"].split()
    container["env"] = [{"name": name, "value": value} for name, value in container["env"].items()]
    return job


@pytest.mark.parametrize("manifest", [*STARTER, job_of()], ids=lambda one: one["kind"])
def test_what_starts_jobs_and_the_job_fit_the_schema_of_kubernetes(manifest):
    kubernetes_validate.validate(manifest, "1.31", strict=True)


def test_the_template_of_jobs_is_one_that_the_engine_s_worker_reads():
    """Its own fields all stand in the engine's template, and every placeholder is a variable."""
    views = Path(prefect.server.api.collections.__file__).parent / "collections_data/views/aggregate-worker-metadata.json"
    theirs = json.loads(views.read_text())["prefect-kubernetes"]["kubernetes"]["default_base_job_configuration"]
    assert set(TEMPLATE["job_configuration"]) == set(theirs["job_configuration"])
    placeholders = set(re.findall(r"\{\{ (\w+) \}\}", json.dumps(TEMPLATE["job_configuration"])))
    assert placeholders == set(TEMPLATE["variables"]["properties"])
    assert set(theirs["variables"]["properties"]) - placeholders == {"cpu_limit"}
    validate({"image": "x@sha256:1", "env": {"A": "b"}}, TEMPLATE["variables"], raise_on_error=True, preprocess=False)
    with pytest.raises(ValidationError):
        validate({"image_pull_policy": "Sometimes"}, TEMPLATE["variables"], raise_on_error=True, preprocess=False)


def test_a_job_may_do_nothing_it_need_not_and_bears_no_secret():
    pod, spec = job_of()["spec"]["template"]["spec"], job_of()["spec"]
    by_kind = {one["kind"]: one for one in STARTER}
    worker = {one["kind"]: one for one in MANIFESTS}["Deployment"]["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["serviceAccountName"] in {one["metadata"]["name"] for one in STARTER if one["kind"] == "ServiceAccount"}
    assert (pod["securityContext"], pod["restartPolicy"]) == (worker["securityContext"], "Never")
    assert pod["containers"][0]["securityContext"] == worker["containers"][0]["securityContext"]
    assert pod["containers"][0]["image"] == worker["containers"][0]["image"]
    assert pod["containers"][0]["resources"] == worker["containers"][0]["resources"]
    assert spec["backoffLimit"] == 0  # the engine decides what is tried again
    assert by_kind["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == spec["template"]["metadata"]["labels"]
    starter = by_kind["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    assert "envFrom" not in starter
    assert starter["image"].split(":")[1].startswith(f"{prefect.__version__}-")
    assert {rule["apiGroups"][0] for rule in by_kind["Role"]["rules"]} == {"batch", ""}
    assert not any("*" in rule["verbs"] + rule["resources"] or "secrets" in rule["resources"] for rule in by_kind["Role"]["rules"])


def block(kind: str, name: str) -> str:
    """The text of one top-level block, such as resource "aws_s3_bucket" "workspace"."""
    found = re.search(rf'(?ms)^{re.escape(kind)} "{re.escape(name)}".*?^}}', TERRAFORM)
    assert found, f"{kind} {name} is missing"
    return found[0]


def test_the_bucket_is_versioned_private_encrypted_and_tls_only():
    assert 'status = "Enabled"' in block("resource", "aws_s3_bucket_versioning")
    assert block("resource", "aws_s3_bucket_public_access_block").count("= true") == 4
    assert 'sse_algorithm     = "aws:kms"' in block("resource", "aws_s3_bucket_server_side_encryption_configuration")
    assert "abort_incomplete_multipart_upload" in block("resource", "aws_s3_bucket_lifecycle_configuration")
    assert "aws:SecureTransport" in TERRAFORM
    assert "enable_key_rotation     = true" in block("resource", "aws_kms_key")


def test_roles_may_do_what_the_program_does_and_nothing_else():
    def actions(name: str) -> set[str]:
        text = block("data", 'aws_iam_policy_document" "' + name)
        return {word for line in re.findall(r"actions\s+= \[(.+)\]", text) for word in re.findall(r'"([^"]+)"', line)}

    assert actions("worker") == {
        "s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:PutObjectRetention", "s3:ListBucket",
        "s3:ListBucketMultipartUploads",
        "kms:Decrypt", "kms:GenerateDataKey", "ses:SendEmail",
    }  # fmt: skip
    assert actions("reader") == {"s3:GetObject", "s3:ListBucket", "kms:Decrypt"}
    calls = set(re.findall(r"client\.([a-z_]+)\(", "".join(p.read_text() for p in (ROOT / "tasks/store").glob("s3*.py"))))
    needed = {
        "get_object": "s3:GetObject", "head_object": "s3:GetObject", "put_object": "s3:PutObject", "upload_part": "s3:PutObject",
        "create_multipart_upload": "s3:PutObject", "complete_multipart_upload": "s3:PutObject",
        "abort_multipart_upload": "s3:AbortMultipartUpload", "get_paginator": "s3:ListBucket",
        "list_multipart_uploads": "s3:ListBucketMultipartUploads",
        "generate_presigned_url": "s3:GetObject",
    }  # fmt: skip
    assert calls <= set(needed), "a call of S3 without a known permission"
    assert {needed[call] for call in calls} <= actions("worker")


def test_every_reference_of_terraform_has_its_block():
    made = {f"{kind}.{name}" for kind, name in re.findall(r'(?m)^resource "([a-z0-9_]+)" "([a-z_]+)"', TERRAFORM)}
    made |= {f"data.{kind}.{name}" for kind, name in re.findall(r'(?m)^data "([a-z0-9_]+)" "([a-z_]+)"', TERRAFORM)}
    used = set(re.findall(r"\b((?:data\.)?aws_[a-z0-9_]+\.[a-z_]+)", TERRAFORM))
    assert used <= made
    named = set(re.findall(r'(?m)^variable "([a-z_]+)"', TERRAFORM))
    assert set(re.findall(r"\bvar\.([a-z_]+)", TERRAFORM)) == named


@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed here")
def test_terraform_reads_its_files():
    done = subprocess.run(
        ["terraform", f"-chdir={INFRA / 'terraform'}", "fmt", "-check", "-diff"],  # noqa: S607
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
