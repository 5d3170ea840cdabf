"""`officer …`: who is an officer, who may do what, and which device proves it."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import segno
import typer
from rich.markup import escape

from adapters.cli.evidence import signatory
from adapters.cli.failures import CommandError, Exit
from adapters.cli.running import AsJson, RunName, World, open_world, perform
from adapters.cli.voice import Voice, table
from adapters.devices import UnusableKeyError, new_secret, otpauth, public_key, public_part
from adapters.drill.practice import devices_of
from adapters.drill.roster import PRACTICE_OFFICERS
from adapters.register.enrolling import Device
from adapters.settings import Settings
from domain.clock import shown_time
from domain.evidence import Signatory
from domain.officers import LEAST_ADMINISTRATORS, Officer, Role
from domain.sheets import Ruling

app = typer.Typer(
    help="Officers and their devices. Changes need two different administrators, each with a code.",
    no_args_is_help=True,
)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="Police number.")]
Admins = Annotated[
    list[str], typer.Option("--admin", metavar='"NUMBER CODE"', help="An administrator with a code; given twice.")
]
Roles = Annotated[list[Role], typer.Option("--role", help="What the officer may do; may be given several times.")]
Unit = Annotated[str, typer.Option("--unit", help="Where the officer serves.")]
PublicKey = Annotated[
    Path | None, typer.Option("--public-key", help="Ed25519 public key (PEM), for decisions that need a signature.")
]


def _two(admins: list[str]) -> list[Signatory]:
    if len(admins) != LEAST_ADMINISTRATORS:
        raise CommandError(Exit.BAD_INPUT, 'Two administrators are due: --admin "NO CODE" --admin "NO CODE".')
    return [signatory(admin) for admin in admins]


def _say(voice: Voice, world: World, ruling: Ruling, **more: object) -> None:
    if not ruling.accepted:
        raise CommandError(Exit.BAD_INPUT, f"Refused: {ruling.zh} / {ruling.en}.")
    voice.tell({"run": world.run, "said": ruling.en, **more}, escape(f"{ruling.zh} / {ruling.en}"))


async def _entry(world: World, number: str) -> Officer:
    for officer in await world.register.officers():
        if officer.number == number:
            return officer
    raise CommandError(Exit.NOT_FOUND, f"Officer {number} is not in the register: see `starter.py officer list`.")


@app.command("add")
def add(
    number: Number,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As printed on orders.")],
    roles: Roles,
    admins: Admins,
    unit: Unit = "",
    phone: Annotated[str, typer.Option("--phone", help="As printed on orders.")] = "",
    run: RunName = None,
    as_json: AsJson = False,
) -> None:
    """Add an officer; a device is enrolled afterwards."""
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        by = _two(admins)
        async with open_world(given, voice, run, engine_may_wait=True) as world:
            officer = Officer(number=number, name=name, unit=unit, roles=tuple(roles), phone=phone)
            _say(voice, world, await world.register.change_officer("add", officer, by, datetime.now(UTC)))

    perform(voice, work)


def _changing(
    voice: Voice, action: str, number: str, admins: list[str], run: str | None, changed: dict[str, object]
) -> None:
    async def work(given: Settings) -> None:
        by = _two(admins)
        async with open_world(given, voice, run, engine_may_wait=True) as world:
            officer = (await _entry(world, number)).model_copy(update=changed)
            _say(voice, world, await world.register.change_officer(action, officer, by, datetime.now(UTC)))

    perform(voice, work)


@app.command("roles")
def change_roles(number: Number, roles: Roles, admins: Admins, run: RunName = None, as_json: AsJson = False) -> None:
    """Give an officer these roles and no others."""
    _changing(Voice(as_json), "roles", number, admins, run, {"roles": tuple(roles)})


@app.command("disable")
def disable(number: Number, admins: Admins, run: RunName = None, as_json: AsJson = False) -> None:
    """An officer who left: stays on record, decides nothing any more."""
    _changing(Voice(as_json), "disable", number, admins, run, {"active": False})


def _enrolling(voice: Voice, action: str, number: str, admins: list[str], key: Path | None, run: str | None) -> None:
    async def work(given: Settings) -> None:
        by = _two(admins)
        signs = _public(key)
        async with open_world(given, voice, run, engine_may_wait=True) as world:
            device = Device(officer=number, secret=new_secret(), public_key=signs)
            ruling = await world.register.enrol(action, device, by, datetime.now(UTC))
            _say(voice, world, ruling, officer=number, otpauth=otpauth(device.secret, number, world.run))
            _show(voice, device, world.run)

    perform(voice, work)


@app.command("enrol")
def enrol(number: Number, admins: Admins, key: PublicKey = None, run: RunName = None, as_json: AsJson = False) -> None:
    """Enrol an officer's authenticator: its QR code is shown this once."""
    _enrolling(Voice(as_json), "enrol", number, admins, key, run)


@app.command("rotate")
def rotate(number: Number, admins: Admins, key: PublicKey = None, run: RunName = None, as_json: AsJson = False) -> None:
    """Another device in place of an officer's: the old one's codes count no more."""
    _enrolling(Voice(as_json), "rotate", number, admins, key, run)


@app.command("setup")
def setup(
    first: Annotated[str, typer.Argument(metavar="NUMBER", help="The first administrator.")],
    second: Annotated[str, typer.Argument(metavar="NUMBER", help="The second one: another person.")],
    names: Annotated[list[str], typer.Option("--name", help="Their names, in this order.")],
    unit: Unit = "",
    run: RunName = None,
    as_json: AsJson = False,
) -> None:
    """The first two administrators; only while none is enrolled. Both QR codes are shown this once."""
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        if len(names) != LEAST_ADMINISTRATORS:
            raise CommandError(Exit.BAD_INPUT, "Two names are due: --name NAME --name NAME.")
        numbers = (first, second)
        entries = [
            Officer(number=number, name=name, unit=unit, roles=(Role.ADMINISTRATOR,))
            for number, name in zip(numbers, names, strict=True)
        ]
        devices = [Device(officer=number, secret=new_secret()) for number in numbers]
        async with open_world(given, voice, run, engine_may_wait=True) as world:
            ruling = await world.register.set_up(entries[0], entries[1], devices, datetime.now(UTC))
            shown = {one.officer: otpauth(one.secret, one.officer, world.run) for one in devices}
            _say(voice, world, ruling, otpauth=shown)
            for device in devices:
                _show(voice, device, world.run)

    perform(voice, work)


@app.command("unlock")
def unlock(
    number: Number,
    chief: Annotated[str, typer.Option("--chief", metavar='"NUMBER CODE"', help="The duty chief, with a code.")],
    run: RunName = None,
    as_json: AsJson = False,
) -> None:
    """Unlock an officer who typed too many wrong codes."""
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        by = signatory(chief)
        async with open_world(given, voice, run, engine_may_wait=True) as world:
            _say(voice, world, await world.register.unlock(number, by, datetime.now(UTC)))

    perform(voice, work)


@app.command("list")
def list_officers(run: RunName = None, as_json: AsJson = False) -> None:
    """All officers with their roles, and whose device is enrolled, signs, or is locked."""
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        async with open_world(given, voice, run, engine_may_wait=True) as world:
            officers = await world.register.officers()
            devices = {one.officer: one for one in await world.register.enrolments()}
            made = table(f"run {world.run}", "number", "name", "unit", "roles", "device")
            values = []
            for officer in officers:
                device = devices.get(officer.number)
                locked = device is not None and device.is_locked(datetime.now(UTC))
                values.append(
                    {
                        **officer.model_dump(mode="json"),
                        "enrolled": device is not None,
                        "signs": device is not None and device.signs,
                        "locked": locked,
                    }
                )
                what = "–" if device is None else "codes, signatures" if device.signs else "codes"
                if device is not None and device.locked_until is not None and locked:
                    what += f" [red]locked until {shown_time(device.locked_until)}[/red]"
                roles = " ".join(officer.roles) if officer.active else "[dim]disabled[/dim]"
                made.add_row(officer.number, escape(officer.name), escape(officer.unit), roles, what)
            voice.tell({"run": world.run, "officers": values}, made)

    perform(voice, work)


@app.command("code")
def code(number: Number, run: RunName = None, as_json: AsJson = False) -> None:
    """The present unused code of a practice officer; refused where an institution is not practice."""
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        async with open_world(given, voice, run, engine_may_wait=True) as world:
            await _only_practice(world, number)
            devices = await devices_of(world.register, world.ring, world.run)
            shown = devices.free_code([number])
            if shown is None:
                raise CommandError(Exit.BAD_INPUT, f"Officer {number} has used the present codes: wait half a minute.")
            voice.tell({"run": world.run, "officer": number, "code": shown.code}, shown.code)

    perform(voice, work)


async def _only_practice(world: World, number: str) -> None:
    """Codes are computed for practice officers of practice worlds, and for nobody else."""
    institutions = await world.register.institutions()
    real = [one.code for one in institutions if not one.practice]
    if real or not institutions:
        raise CommandError(
            Exit.BAD_INPUT,
            f"Refused: {real[0] if real else 'this world'} is not practice, and a real officer's code is on the "
            "officer's own device.",
        )
    device = next((one for one in await world.register.enrolments() if one.officer == number), None)
    if number not in {officer.number for officer in PRACTICE_OFFICERS} or device is None or device.by_two:
        raise CommandError(
            Exit.NOT_FOUND, f"{number} is no practice officer of {world.run}: the code is on the officer's own device."
        )


def _public(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        return public_part(public_key(file.read_bytes()))
    except OSError as problem:
        raise CommandError(Exit.BAD_INPUT, f"The key {file} cannot be read ({problem.strerror}).") from None
    except UnusableKeyError as problem:
        raise CommandError(
            Exit.BAD_INPUT, f"The key {file} is {problem}: make it with `openssl pkey -in KEY -pubout`."
        ) from None


def _show(voice: Voice, device: Device, run: str) -> None:
    """The QR code, this once; a program has the address in its JSON."""
    if voice.as_json:
        return
    voice.note(f"Officer {device.officer}: scan this now with the authenticator; it is shown this once.")
    segno.make(otpauth(device.secret, device.officer, run)).terminal(out=sys.stdout, compact=True)
