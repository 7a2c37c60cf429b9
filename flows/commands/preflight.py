"""What can be refused at once is refused before the engine starts, which takes 10 to 30 s, and before anything is written."""

from collections.abc import Sequence
from pathlib import Path

from flows.campaign_file import load_campaign
from flows.wiring import audience, is_free, open_store
from tasks.domain.errors import UnreadableInput, UsageProblem
from tasks.store.workspace import check_workspace, is_workspace


def campaign_in(address: str, campaign: str, *, deliver: bool = False, create: bool = False) -> None:
    """Raises UsageProblem or WorkspaceProblem for an address that is no workspace (with `create`, nor can become one), for a campaign
    that is missing or does not hold together, and with `deliver` for an audience that is not set."""
    store = open_store(address)
    if not (create and not is_workspace(store) and is_free(store)):
        check_workspace(store)
    plan = load_campaign(store, campaign)
    if deliver:
        audience(plan)


def readable(paths: Sequence[Path]) -> None:
    """Raises UsageProblem for a path without a file, UnreadableInput for a file that this user or the disk does not let us read."""
    for path in paths:
        try:
            with path.open("rb") as file:
                file.read(1)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise UsageProblem(f"There is no file {path}.", remedy="Check the path.") from error
        except IsADirectoryError as error:
            raise UsageProblem(f"{path} is a folder, not a file.", remedy=f"Name the files in it, such as {path}/*.") from error
        except PermissionError as error:
            raise UnreadableInput(
                f"{path} cannot be read: permission denied.", remedy="Give this user the right to read it, then run again."
            ) from error
        except OSError as error:
            raise UnreadableInput(
                f"{path} cannot be read: {str(error.strerror).lower()}.", remedy="Check the disk it lies on, or copy it again."
            ) from error
