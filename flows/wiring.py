"""From settings to adapters: the one place that knows which store, mailer and sources an installation uses."""

import os
import re
import secrets
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from flows.settings import AudienceMember, Settings
from tasks.deliver.delivery import Policy
from tasks.deliver.eml import EmlMailer
from tasks.deliver.notices import Channel, MailChannel
from tasks.deliver.ses import SesMailer
from tasks.deliver.smtp import SmtpMailer
from tasks.deliver.webhook import WebhookChannel, checked_webhook
from tasks.domain.campaign import Campaign
from tasks.domain.errors import UsageProblem
from tasks.domain.ports import Mailer, ObjectStore, Source, StatusSource
from tasks.store.local import LocalStore
from tasks.store.s3 import S3Store
from tasks.store.s3_client import open_s3
from tasks.store.s3_options import WriteOptions
from tasks.store.workspace import check_workspace, init_workspace, is_workspace

if TYPE_CHECKING:  # loaded when a source is asked for
    from tasks.fetch.adapters import Installation
    from tasks.fetch.drops import DropSource
    from tasks.fetch.web.limits import WebLimits

Made = TypeVar("Made", Source, StatusSource)

# Campaigns of the simulator have nobody to protect: a fixed key gives every machine the same edition.
_SIMULATED_KEY = b"resurge simulated data, nobody to protect"
_MIN_KEY_CHARACTERS = 16


@cache
def settings() -> Settings:
    """The installation's settings, read once. Raises UsageProblem naming the variable at fault."""
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    try:
        return Settings()
    except (ValidationError, SettingsError) as error:
        what = (
            "; ".join(f"RESURGE_{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
            if isinstance(error, ValidationError)
            else str(error)
        )
        raise UsageProblem(
            f"A setting cannot be read: {what}.", remedy="docs/operations.md lists the settings and their forms."
        ) from error


def open_store(address: str) -> ObjectStore:
    """The store at a directory or `s3://bucket/prefix`; nothing is checked or written."""
    if address.startswith("s3://"):
        chosen = settings()
        return open_s3(
            address,
            cache_dir=chosen.cache_dir.expanduser(),
            endpoint_url=chosen.s3_endpoint_url,
            region=chosen.s3_region,
            read_timeout_s=chosen.s3_timeout_s,
            options=WriteOptions(chosen.s3_sse, chosen.s3_kms_key_id, chosen.s3_object_lock_days, chosen.s3_object_lock_mode),
        )
    if "://" in address:
        raise UsageProblem(f"{address} is not a workspace address.", remedy="Name a directory or s3://bucket/prefix.")
    return LocalStore(Path(address).expanduser().absolute())


def open_workspace(address: str, *, create: bool = False) -> ObjectStore:
    """The workspace at `address`, checked. With `create` a place that is empty, or holds nothing but campaign files, becomes one."""
    store = open_store(address)
    if create and not is_workspace(store) and is_free(store):
        init_workspace(store)
    check_workspace(store)
    return store


def is_free(store: ObjectStore) -> bool:
    """Whether a place is empty but for campaign files, so that it may become a workspace unasked."""
    if isinstance(store, LocalStore):
        found = {path.name for path in store.root.iterdir()} if store.root.is_dir() else set()
        return found <= {"campaigns", ".tmp", "lost+found"}
    return all(info.key.startswith("campaigns/") for info in store.entries(""))


def pseudonym_key(campaign: Campaign) -> bytes:
    """The key under which outsiders' names are hashed: the installation's, or one of this machine made on first use."""
    if campaign.simulated:
        return _SIMULATED_KEY
    given = settings().pseudonym_key
    if given:
        if len(given.get_secret_value()) < _MIN_KEY_CHARACTERS:
            raise UsageProblem(
                "RESURGE_PSEUDONYM_KEY is too short.", remedy=f"Use at least {_MIN_KEY_CHARACTERS} random characters."
            )
        return given.get_secret_value().encode()
    path = settings().state_dir.expanduser() / "pseudonym.key"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return path.read_text().strip().encode()


def audience(campaign: Campaign) -> Sequence[AudienceMember]:
    """The stakeholders of a campaign. Raises UsageProblem where its audience is not among the settings."""
    if not campaign.audience:
        raise UsageProblem(
            f"The campaign {campaign.slug} names no audience.",
            remedy="Add `audience: <group>` to its file, or leave --deliver out.",
        )
    known = settings().audiences
    if campaign.audience not in known:
        raise UsageProblem(
            f"The audience {campaign.audience!r} of {campaign.slug} is not known here.",
            remedy='Set RESURGE_AUDIENCES, for example {"'
            + campaign.audience
            + '": [{"address": "desk@example.org", "clearance": "AMBER"}]}.',
        )
    return known[campaign.audience]


def source_factories(limits: "WebLimits | None" = None) -> Mapping[str, Callable[..., Source]]:
    """The sources that a campaign file may name, by kind; each is called with the options the file gives."""
    from tasks.fetch.adapters import adapters
    from tasks.simulate.feed import SimulatedSource

    ours = installation(limits)
    made: dict[str, Callable[..., Source]] = {"simulated": lambda **options: SimulatedSource(options)}
    return made | {kind: partial(_with_options, adapter.source, ours) for kind, adapter in adapters().items()}


def status_factories(limits: "WebLimits | None" = None) -> Mapping[str, Callable[..., StatusSource]]:
    """Who may be asked whether accounts still stand, by kind, as source_factories."""
    from tasks.fetch.adapters import adapters
    from tasks.fetch.sources.status_file import StatusFile
    from tasks.simulate.status import SimulatedStatus

    ours = installation(limits)
    made: dict[str, Callable[..., StatusSource]] = {
        "simulated-status": lambda **options: SimulatedStatus(options),
        "status-file": StatusFile,
    }
    return made | {
        f"{kind}-status": partial(_with_options, adapter.status, ours) for kind, adapter in adapters().items() if adapter.status
    }


def drop_factories() -> Mapping[str, Callable[..., "DropSource"]]:
    """Where partners may lay down files, by kind, as source_factories."""
    from tasks.fetch.s3_drop import S3Drop
    from tasks.store.s3_client import s3_client
    from tasks.store.s3_problems import explained

    return {"s3-drop": lambda **options: S3Drop(options, secret, s3_client, explained)}


def _with_options(make: "Callable[[dict[str, Any], Installation], Made]", ours: "Installation", /, **options: Any) -> Made:
    return make(options, ours)


def installation(limits: "WebLimits | None" = None) -> "Installation":
    """What live sources are lent: credentials, the machine's state folder (what of a service's daily quota was used is the same for all
    campaigns), and how long they may take."""
    from tasks.fetch.adapters import Installation
    from tasks.fetch.web.limits import LIMITS

    return Installation(secret, settings().state_dir.expanduser(), limits=limits or LIMITS)


def secret(name: str) -> str:
    """The credential that a campaign file names, from the environment variable RESURGE_SECRET_<NAME>. Raises UsageProblem where there is
    none; the value stands in no message."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", name):
        raise UsageProblem(
            "The name of a credential in the campaign file is none.",  # it may be the credential itself: it is not repeated
            remedy="Name it with letters, digits and hyphens, and set its value in the environment.",
        )
    variable = f"RESURGE_SECRET_{name.upper().replace('-', '_')}"
    value = os.environ.get(variable, "").strip()
    if not value:
        raise UsageProblem(f"The credential {name} is not set here.", remedy=f"Set the environment variable {variable}.")
    if not value.isascii() or not value.isprintable():
        raise UsageProblem(f"The credential {name} holds characters that no credential has.", remedy=f"Set {variable} again.")
    return value


def mailer(store: ObjectStore) -> Mailer:
    """The way messages leave: a server where one is set, else `.eml` files in the workspace's `outbox/` folder."""
    chosen = settings()
    if chosen.mail == "eml":
        return EmlMailer(store, "outbox")
    if chosen.mail == "ses":
        return SesMailer(
            chosen.ses_region,
            chosen.ses_endpoint_url,
            configuration_set=chosen.ses_configuration_set,
            feedback_to=chosen.ses_feedback_to,
            timeout_s=chosen.ses_timeout_s,
        )
    return SmtpMailer(
        chosen.smtp_host,
        chosen.smtp_port,
        security=chosen.smtp_security,
        user=chosen.smtp_user or "",
        password=chosen.smtp_password.get_secret_value() if chosen.smtp_password else "",
        timeout_s=chosen.smtp_timeout_s,
        tls=ssl.create_default_context(cafile=str(chosen.smtp_ca_file)) if chosen.smtp_ca_file else None,
    )


def owner_channels(store: ObjectStore) -> tuple[Channel, ...]:
    """How the owner of the installation is told of trouble; none unless RESURGE_OWNER or RESURGE_OWNER_WEBHOOK is set."""
    chosen = settings()
    made: list[Channel] = []
    if chosen.owner:
        made.append(MailChannel(mailer(store), chosen.sender, chosen.owner, lambda: datetime.now(UTC)))
    if chosen.owner_webhook:
        signing = chosen.owner_webhook_secret.get_secret_value() if chosen.owner_webhook_secret else ""
        address = checked_webhook(chosen.owner_webhook.get_secret_value())
        made.append(WebhookChannel(address, signing, chosen.owner_webhook_timeout_s, lambda: datetime.now(UTC)))
    return tuple(made)


def policy() -> Policy:
    """How mail is sent: from whom, up to which size with the PDF, and what happens to a message whose fate is unknown."""
    chosen = settings()
    return Policy(
        sender=chosen.sender,
        resend_unknown=chosen.resend_unknown,
        attachment_budget=int(chosen.attachment_budget_mb * 1e6),
    )


@dataclass(frozen=True)
class Link:
    """Where a stakeholder opens a briefing; `until` is when a link of limited life ends, None for one that lasts."""

    address: str | None
    until: datetime | None = None


def link_to(store: ObjectStore, prefix: str, now: datetime) -> Link:
    """The PDF of the bundle at `prefix`: under the installation's own address, else a signed link where the workspace is a bucket."""
    chosen, key = settings(), f"{prefix}/briefing.pdf"
    if chosen.link_base:
        return Link(f"{chosen.link_base.rstrip('/')}/{key}")
    if isinstance(store, S3Store) and chosen.link_days:
        life = timedelta(days=chosen.link_days)
        return Link(store.link(key, life), now + life)
    return Link(None)
