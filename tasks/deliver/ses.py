"""Mail over Amazon SES (API v2, SendEmail with raw content), one message a recipient, with the same four outcomes as over SMTP.

A request is sent once: the client's own retries are off, since SES knows no token by which a repeated message could be recognised.
SES puts a Message-ID of its own in place of ours; `X-Briefing-Id` and `X-Delivery-Number` stay.
"""

import re
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProxyConnectionError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from tasks.deliver.headers import one_line
from tasks.domain.errors import UsageProblem
from tasks.domain.ports import Handover

_REPLY_CHARACTERS = 300
_NO_LINE = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError, SSLError)
_NOT_ASKED = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, ParamValidationError)
_REFUSED = {"BadRequestException", "MessageRejected", "ValidationException"}  # this message or this recipient, for good
_OURS = re.compile(r"not verified|sandbox", re.IGNORECASE)  # an identity or account to be set up: no fault of the recipient


@dataclass(frozen=True)
class SesMailer:
    """Credentials are found the way boto3 finds them. `configuration_set` names the events and reputation settings to use;
    `feedback_to` is where SES sends bounces and complaints. `timeout_s` bounds every single wait.

    Raises UsageProblem for a region or endpoint that cannot be one, when the first message is sent.
    """

    region: str
    endpoint_url: str | None = None
    configuration_set: str = ""
    feedback_to: str = ""
    timeout_s: float = 60
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    kind: str = "ses"

    def send(self, message: EmailMessage, recipient: str) -> Handover:
        """Hand the message over for one recipient. What the service or the line does is an outcome, never an exception:

        accepted: SES gave it an id. refused: it will not take this message or recipient. deferred: nothing was taken (no connection, no
        credentials, throttled, sending paused, an identity that is not verified); it may be sent again. unknown: the line dropped, the
        answer came too late, or the service failed (5xx) once it had the message.
        """
        request: dict[str, Any] = {
            "FromEmailAddress": str(message["From"]),
            "Destination": {"ToAddresses": [recipient]},
            "Content": {"Raw": {"Data": message.as_bytes(policy=policy.SMTP)}},
        }
        if self.configuration_set:
            request["ConfigurationSetName"] = self.configuration_set
        if self.feedback_to:
            request["FeedbackForwardingEmailAddress"] = self.feedback_to
        try:
            answer = self._client.send_email(**request)
        except ClientError as error:
            return self._said_no(error, recipient)
        except _NO_LINE as error:
            return Handover("deferred", _clean(f"no connection to SES: {error}", recipient))
        except _NOT_ASKED as error:
            return Handover("deferred", _clean(f"SES was not asked: {error}", recipient))
        except (BotoCoreError, ResponseParserError) as error:
            return Handover("unknown", _clean(f"the line dropped after the message was sent: {error}", recipient))
        taken = str(answer.get("MessageId", ""))
        if not taken:  # the client lets an answer pass that broke off
            return Handover("unknown", "the line dropped after the message was sent: SES gave no id")
        return Handover("accepted", one_line(f"SES took it as {taken}", _REPLY_CHARACTERS))

    @cached_property
    def _client(self) -> Any:
        config = Config(
            connect_timeout=self.timeout_s,
            read_timeout=self.timeout_s,
            retries={"mode": "standard", "total_max_attempts": 1},
        )
        try:
            return boto3.session.Session().client(
                "sesv2",
                region_name=self.region,
                endpoint_url=self.endpoint_url,
                aws_access_key_id=self.access_key,
                aws_secret_access_key=self.secret_key,
                config=config,
            )
        except (ValueError, BotoCoreError) as error:
            raise UsageProblem(
                f"No SES client can be made: {error}.", remedy="Check RESURGE_SES_REGION and RESURGE_SES_ENDPOINT_URL."
            ) from error

    def _said_no(self, error: ClientError, recipient: str) -> Handover:
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        code, words = (str(error.response.get("Error", {}).get(name, "")) for name in ("Code", "Message"))
        reply = _clean(f"{status} {code}: {words}", recipient)
        if status >= 500 or status < 300:  # it may have taken the message before it failed
            return Handover("unknown", reply)
        return Handover("refused" if code in _REFUSED and not _OURS.search(words) else "deferred", reply)


def _clean(reply: str, recipient: str) -> str:
    """For records and logs: one line, without the address, which the service repeats."""
    return one_line(re.sub(re.escape(recipient), "<recipient>", reply, flags=re.IGNORECASE), _REPLY_CHARACTERS)
