"""Commands of whoever runs a suite: replay, parked messages, stops, units, backups, forgetting."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.desk import with_client
from cli.lifecycle import DEFAULT_DATA, DEFAULT_UNITS, Data, find_suite
from cli.output import Json, progress, say, show
from kernel.errors import Refused

# The least that a service lets go of is older than this too.
KEEP_DAYS = 35


class IdMissing(Refused):
    """Which one?"""

    code = "ID_MISSING"


def replay(as_json: Json = False, data: Data = DEFAULT_DATA) -> None:
    """Publish again what some subscriber has not heard, from the lowest watermark; repetition is silent.

    Example: saiken replay
    """
    from cli.plumbing import replay as resend

    rows = with_client(data, resend)
    if as_json:
        show({"rows": rows})
    else:
        say(f"{sum(rows.values())} events are published again")


def rebuild(
    service: Annotated[Literal["payments", "collections"], typer.Argument(help="Whose projection of items.")],
    as_json: Json = False,
    data: Data = DEFAULT_DATA,
) -> None:
    """Read anew what a service keeps of others, as after a loss; what it knows already stays.

    Example: saiken rebuild payments
    """
    from cli.plumbing import rebuild as read_anew

    states = with_client(data, lambda client: read_anew(client, service))
    if as_json:
        show({"states": states})
    else:
        say(f"{service} has read {sum(states.values())} states")


def parked(
    action: Annotated[Literal["list", "show", "replay"], typer.Argument(help="List them, show one, or try all again in order.")] = "list",
    id_: Annotated[str, typer.Argument(metavar="[ID]", help="The message to show.")] = "",
    as_json: Json = False,
    data: Data = DEFAULT_DATA,
) -> None:
    """Messages that were put aside, each with its reason.

    Example: saiken parked list
    """
    from cli import plumbing

    if action == "show":
        if not id_:
            raise IdMissing("say which message: its id stands in `saiken parked list`")
        show(with_client(data, lambda client: plumbing.show_parked(client, id_)))
        return
    rows = with_client(data, plumbing.parked if action == "list" else plumbing.replay_parked)
    if as_json:
        show({"parked": rows})
        return
    for row in rows:
        say(f"{row['service']} {row['type']} {row['id']}: {row['reason']}")
    say(f"{len(rows)} messages are parked")


def prune(
    keep_days: Annotated[int, typer.Option(min=KEEP_DAYS, help="Younger rows stay.")] = KEEP_DAYS,
    as_json: Json = False,
    data: Data = DEFAULT_DATA,
) -> None:
    """Forget outbox and inbox rows that are old, published, and heard by every subscriber.

    Example: saiken prune --keep-days 90
    """
    from cli.plumbing import prune as forget

    removed = with_client(data, lambda client: forget(client, keep_days))
    if as_json:
        show({"removed": removed})
        return
    for service, rows in removed.items():
        say(f"{service}: {rows['outbox']} outbox rows, {rows['inbox']} inbox rows")


def contacts(
    action: Annotated[Literal["stop", "start"], typer.Argument(help="Nothing leaves any more, or contacts leave again.")],
    business_unit: Annotated[str, typer.Option("--business-unit", help="One unit alone; without it, all.")] = "",
    reason: Annotated[str, typer.Option(help="Why, for the audit trail: an incident's number, no names.")] = "",
    data: Data = DEFAULT_DATA,
) -> None:
    """Stop all outgoing contacts within seconds, of one unit or of all, and start them again.

    Example: saiken contacts stop --reason INC-1207
    """
    from cli.contacts import set_contacts

    for unit in with_client(data, lambda client: set_contacts(client, action, business_unit, reason)):
        say(f"{unit}: contacts are {'stopped' if action == 'stop' else 'started'}")


def unit(
    action: Annotated[Literal["create"], typer.Argument(help="Make a new business unit.")],  # noqa: ARG001 - the only one
    id_: Annotated[str, typer.Argument(metavar="ID", help="Lower-case letters and digits.")],
    name: Annotated[str, typer.Option(help="As letters print it.")],
    country: Annotated[str, typer.Option(help="ISO 3166-1, two letters.")],
    currency: Annotated[str, typer.Option(help="ISO 4217.")],
    time_zone: Annotated[str, typer.Option(help="IANA time zone.")],
    language: Annotated[str, typer.Option(help="Language of its own papers.")] = "en",
    subdivision: Annotated[str, typer.Option(help="ISO 3166-2 part that public holidays depend on.")] = "",
    strategy: Annotated[str, typer.Option(help="Its collections strategy.")] = "supplier-us",
    units: Annotated[Path, typer.Option(help="The units' file.", envvar="SAIKEN_UNITS")] = DEFAULT_UNITS,
    data: Data = DEFAULT_DATA,
) -> None:
    """Add a business unit with its keys; contacts are off until its section turns them on. Services read it when they start.

    Example: saiken unit create kyushu --name "Kyushu KK" --country JP --currency JPY --time-zone Asia/Tokyo --units units.yaml
    """
    from cli.units import create_unit

    said = {"id": id_, "name": name, "country": country, "currency": currency, "time_zone": time_zone, "language": language}
    create_unit(units, data / "keys", {**said, "subdivision": subdivision, "strategy": strategy})
    say(f"{id_} is in {units}; add its bank accounts and sender there, then restart the suite")


def backup(
    target: Annotated[Path, typer.Argument(help="A new folder; it will hold keys, so keep it safe.")],
    data: Data = DEFAULT_DATA,
) -> None:
    """Back up a running suite: all databases at one instant, with keys and files.

    Example: saiken backup /backups/2026-09-30
    """
    from cli.backup import back_up

    find_suite(data)
    with progress("backing up"):
        manifest = back_up(data.resolve(), target)
    say(f"{target}: {len(manifest['files'])} files")  # type: ignore[arg-type]


def restore(
    source: Annotated[Path, typer.Argument(help="What `saiken backup` wrote.")],
    data: Data = DEFAULT_DATA,
) -> None:
    """Make a suite's folder from a backup, with all contacts stopped; `saiken up` starts it.

    Example: saiken restore /backups/2026-09-30 --data restored
    """
    from cli.backup import restore as take_back

    with progress("restoring"):
        units = take_back(source, data)
    say(f"{data} is restored; contacts of {', '.join(units)} are stopped until `saiken contacts start`")
    say(f"start it with `saiken up --data {data} --units {data / 'units.yaml'}`, then `saiken audit`")
