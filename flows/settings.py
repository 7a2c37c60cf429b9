"""What belongs to this installation and not to a campaign: addresses, credentials by reference, places on disk.

Read from the environment as `RESURGE_<NAME>`. AWS credentials are found the way boto3 finds them. Only wiring and the command line
import this module.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from tasks.domain.campaign import Tlp


class AudienceMember(BaseModel):
    """One stakeholder: where to send, and up to which TLP label."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: str = Field(pattern=r"^[^@\s<>,;]+@[^@\s<>,;]+$")
    clearance: Tlp = "CLEAR"
    format: Literal["pdf", "link"] = "pdf"


class Settings(BaseSettings):
    """Every setting has a default that works on one machine without any service."""

    model_config = SettingsConfigDict(env_prefix="RESURGE_", frozen=True)

    workspace: str = "workspace"
    state_dir: Path = Path("~/.local/state/resurge")  # the engine's own state and the pseudonym key
    cache_dir: Path = Path("~/.cache/resurge")  # copies of immutable objects of an S3 workspace; may be deleted

    s3_endpoint_url: str | None = None  # for servers other than Amazon's
    s3_region: str | None = None
    s3_timeout_s: float = 30
    s3_sse: Literal["", "AES256", "aws:kms"] = ""  # empty: the bucket's own default
    s3_kms_key_id: str = ""  # with aws:kms; empty: the account's key for S3
    s3_object_lock_days: int = Field(default=0, ge=0, le=36500)  # a bundle's files cannot be deleted for so long; 0: no lock
    s3_object_lock_mode: Literal["GOVERNANCE", "COMPLIANCE"] = "GOVERNANCE"  # compliance: lifted by nobody

    audiences: dict[str, tuple[AudienceMember, ...]] = Field(default_factory=dict)  # JSON: {"group": [{"address": ..., ...}]}
    owner: str = ""  # mail address of who is told when a run fails, is blocked, late, held or cut off
    owner_webhook: SecretStr | None = None  # one https address that is told as well; it is a secret, for many hold a token
    owner_webhook_secret: SecretStr | None = None  # signs what is sent there
    owner_webhook_timeout_s: float = Field(default=10, gt=0, le=60)

    log: Literal["", "json", "text"] = ""  # a line an event, besides what is printed for people; empty: none
    log_file: Path | None = None  # unset: standard error
    log_level: Literal["debug", "info", "warning"] = "info"

    pseudonym_key: SecretStr | None = None  # at least 16 characters; unset: a key of this machine in state_dir

    mail: Literal["eml", "smtp", "ses"] = "eml"
    sender: str = "Resurge <resurge@localhost>"
    smtp_host: str = "localhost"
    smtp_port: int = 587
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"  # starttls: a server without it gets nothing
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_ca_file: Path | None = None
    smtp_timeout_s: float = 60
    ses_region: str = "us-east-1"  # of Amazon SES; credentials are found the way boto3 finds them
    ses_endpoint_url: str | None = None  # of another service that speaks the SES API v2
    ses_configuration_set: str = ""
    ses_feedback_to: str = ""  # where SES sends bounces and complaints; empty: as the identity says
    ses_timeout_s: float = 60
    attachment_budget_mb: float = 8  # larger PDFs are linked; many servers refuse messages over 10 MB once base64 has added a third
    resend_unknown: bool = False  # a message whose fate is unknown (line dropped after DATA) is held; true sends it again
    link_base: str = ""  # address before a bundle's path under which stakeholders can open it; empty: no link
    link_days: float = Field(
        default=7, ge=0, le=7
    )  # life of a signed link into an S3 workspace, where link_base is empty; 0: no link

    paper: Literal["A4", "Letter"] = "A4"
