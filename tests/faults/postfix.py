"""Postfix and Dovecot of Debian as private processes: their own configuration and folders, high ports of the loopback, mail read over IMAP.

Postfix's master must be started by root (its own rule); it drops to its users itself. Elsewhere `missing` says why there are none.
"""

import contextlib
import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from seaweedfs import _free_ports

_PEOPLE = ("ana", "ben", "cleo", "dan")
_SBIN = ("/usr/sbin", "/usr/lib/postfix/sbin")
_MASTER = """
127.0.0.1:{smtp} inet n - n - - smtpd -o max_use=1
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""
_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.example.org
mydestination =
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = example.org
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = texthash:{folder}/boxes
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
smtpd_recipient_restrictions = check_recipient_access texthash:{folder}/answers, permit_mynetworks, reject
alias_maps =
alias_database =
local_recipient_maps =
"""
_DOVECOT = """
protocols = imap
base_dir = {folder}/dovecot
state_dir = {folder}/dovecot-state
log_path = {folder}/dovecot.log
ssl = no
disable_plaintext_auth = no
listen = 127.0.0.1
default_login_user = dovenull
default_internal_user = dovecot
first_valid_uid = 1
mail_location = maildir:{folder}/mail/%n
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
passdb {{
  driver = static
  args = password=reads
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%n
}}
"""


def missing() -> str:
    """Why no real mail server can be run here; empty where one can."""
    if not all(Path(path).exists() for path in ("/usr/sbin/postfix", "/usr/sbin/dovecot")):
        return "Postfix and Dovecot are not installed"
    return "" if os.geteuid() == 0 else "Postfix starts for root only"


class MailServers:
    """`port` of Postfix; what arrived is read from Dovecot."""

    def __init__(self, folder: Path, port: int, imap_port: int) -> None:
        self.folder, self.port, self._imap = folder, port, imap_port
        self.told = False

    def answer(self, answers: Mapping[str, str]) -> None:
        """Have Postfix answer RCPT for these recipients with these codes; for all others, and with none, with 250."""
        (self.folder / "answers").write_text("".join(f"{to} {said}\n" for to, said in answers.items()))
        self.told = self.told or bool(answers)

    def messages(self, *, patience_s: float = 10) -> list[tuple[str, bytes]]:
        """(recipient, bytes) of everything delivered; waits until nothing is on its way through the queue."""
        self._drained(patience_s)
        return [one for name in _PEOPLE for one in self._box(name)]

    def empty(self) -> None:
        self._drained(10)
        for name in _PEOPLE:
            self._box(name, delete=True)
        self.told = False

    def version(self) -> str:
        postfix = subprocess.run(["/usr/sbin/postconf", "-d", "-h", "mail_version"], capture_output=True, text=True, check=True)
        dovecot = subprocess.run(["/usr/sbin/dovecot", "--version"], capture_output=True, text=True, check=True)
        return f"Postfix {postfix.stdout.strip()}, Dovecot {dovecot.stdout.split()[0]}"

    def _drained(self, patience_s: float) -> None:
        give_up = time.monotonic() + patience_s
        while any(
            path.is_file() for kind in ("incoming", "active", "maildrop") for path in (self.folder / "queue" / kind).rglob("*")
        ):
            if time.monotonic() > give_up:
                raise RuntimeError(f"mail stays in the queue: {(self.folder / 'maillog').read_text()[-1500:]}")
            time.sleep(0.05)

    def _box(self, name: str, *, delete: bool = False) -> list[tuple[str, bytes]]:
        with imaplib.IMAP4("127.0.0.1", self._imap, timeout=10) as imap:
            imap.login(name, "reads")
            imap.select("INBOX")
            numbers = imap.search(None, "ALL")[1][0].split()
            found = []
            for number in numbers:
                fetched = imap.fetch(number, "(BODY.PEEK[])")[1][0]
                assert isinstance(fetched, tuple)
                found.append((f"{name}@example.org", fetched[1]))
                if delete:
                    imap.store(number, "+FLAGS", "\\Deleted")
            imap.expunge()
            return found


@contextlib.contextmanager
def running(folder: Path) -> Iterator[MailServers]:
    """Start both with everything in `folder`; raises RuntimeError with the log where they do not come up."""
    smtp, imap = _free_ports(2)
    owner = pwd.getpwnam("mail")
    values = {"folder": folder, "smtp": smtp, "imap": imap, "uid": owner.pw_uid, "gid": owner.pw_gid}
    for name in ("etc", "queue", "data", "mail"):
        (folder / name).mkdir(parents=True)
    for one in (folder, folder.parent):  # the users that the servers drop to pass through
        one.chmod(one.stat().st_mode | 0o055)
    shutil.chown(folder / "data", "postfix")
    shutil.chown(folder / "mail", "mail", "mail")
    (folder / "etc/main.cf").write_text(_MAIN.format(**values))
    (folder / "etc/master.cf").write_text(_MASTER.format(**values))
    (folder / "boxes").write_text("".join(f"{name}@example.org {name}/\n" for name in _PEOPLE))
    (folder / "answers").write_text("")
    (folder / "dovecot.conf").write_text(_DOVECOT.format(**values))
    postfix = ["/usr/sbin/postfix", "-c", str(folder / "etc")]
    dovecot = subprocess.Popen(["/usr/sbin/dovecot", "-F", "-c", str(folder / "dovecot.conf")], stderr=subprocess.DEVNULL)
    try:
        started = subprocess.run([*postfix, "start"], capture_output=True, text=True, check=False)
        for port in (smtp, imap):
            _answers(port, folder, started.stdout + started.stderr)
        yield MailServers(folder, smtp, imap)
    finally:
        subprocess.run([*postfix, "stop"], capture_output=True, check=False)
        dovecot.terminate()
        dovecot.wait()


def _answers(port: int, folder: Path, said: str) -> None:
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as line:
            line.settimeout(5)
            if line.recv(10):
                return
        time.sleep(0.2)
    logs = "".join(path.read_text()[-1500:] for name in ("maillog", "dovecot.log") if (path := folder / name).exists())
    raise RuntimeError(f"the mail servers did not start: {said}\n{logs}")
