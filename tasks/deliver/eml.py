"""Mail as files: one .eml a recipient, which any mail program opens. The default, and the way to look before sending."""

import hashlib
import os
import tempfile
from email import policy
from email.message import EmailMessage
from pathlib import Path

from tasks.domain.errors import WorkspaceProblem, WriteConflict
from tasks.domain.ports import Handover, ObjectStore


class EmlMailer:
    """Writes each message once, named by the hash of its Message-ID, into a folder or under a prefix of a store.

    A message whose id is there already counts as accepted: it was written by an earlier attempt. The files hold addresses, as mail
    does; the outbox does not.
    """

    kind = "eml"

    def __init__(self, target: Path | ObjectStore, prefix: str = "mail") -> None:
        self._target = target
        self._prefix = prefix

    def send(self, message: EmailMessage, recipient: str) -> Handover:
        """Write the message. Raises WorkspaceProblem if the folder or store cannot be written."""
        identity = f"{message['Message-ID']} {recipient.lower()}"
        name = f"{hashlib.sha256(identity.encode()).hexdigest()[:32]}.eml"
        data = message.as_bytes(policy=policy.SMTP)
        if isinstance(self._target, Path):
            return Handover("accepted", _create(self._target, name, data))
        try:
            made = self._target.create(f"{self._prefix}/{name}", data)
        except WriteConflict:  # the same message of an earlier attempt: only its date differs
            made = "present"
        return Handover("accepted", f"{'written' if made == 'created' else 'already there'}: {self._prefix}/{name}")


def _create(folder: Path, name: str, data: bytes) -> str:
    """Whole or absent: a temporary file, then a link that fails if the name is taken."""
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".", suffix=".part", delete=False) as part:
            try:
                part.write(data)
                part.flush()
                os.fsync(part.fileno())
                made = _link(part.name, path)
            finally:
                Path(part.name).unlink()
    except OSError as error:
        raise WorkspaceProblem(
            f"The message could not be written into {folder}: {error.strerror}.",
            remedy="Check that the folder can be written and has room.",
        ) from error
    return f"{'written' if made else 'already there'}: {name}"


def _link(source: str, path: Path) -> bool:
    """False if the name is taken."""
    try:
        os.link(source, path)
    except FileExistsError:
        return False
    return True
