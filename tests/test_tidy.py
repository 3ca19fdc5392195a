"""Style as a test: each rule with its reason; what the eye would have to look for is looked for here."""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.tree import ROOT, SERVICES, begun, files, of_tests, parsed, python, short

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 40
# Longer than a screen, each with its reason. Shorten them rather than adding to them.
LONG_FUNCTIONS: dict[str, str] = {
    "chassis/plumbing.py:add_plumbing": "six table declarations, which are data",
    "tests/integration/test_an_unpaid_invoice_goes_to_court_until_it_is_paid.py:test_an_unpaid_invoice_goes_to_court_until_it_is_paid": (
        "a story is read from its beginning to its end"
    ),
}
LONG_FILES: dict[str, str] = {}

NAMES = ("app", "api", "subscribers", "workflows", "activities", "commands", "store", "domain")
FOLDERS = {"migrations", "tests", "policies", "templates"}
DOORS = {"api", "subscribers", "activities"}
# Folders whose name is a package of the standard library or of the suite: an `__init__.py` would shadow it.
NAMESPACES = ("services", "services/*", "chassis", "proto", "proto/*", "kernel", "cli", "tests", "tools")
# Room for repairs, not for features (docs/decisions/0005-a-larger-chassis.md).
CHASSIS_LINES = 2_550


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    yield from (node for node in ast.walk(parsed(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def calls(path: Path) -> Iterator[tuple[str, int]]:
    """The last name of everything that is called, with its line."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Attribute(attr=name) | ast.Name(id=name):
                    yield name, node.lineno


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def words(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(parsed(path)):
        match node:
            case ast.Attribute(attr=name) | ast.Name(id=name):
                yield name, node.lineno


def part_of(service: str, part: str) -> list[Path]:
    """A service's file of this name, or the files of the folder that it became."""
    return python(f"services/{service}/{part}", f"services/{service}/{part}.py")


def pure() -> list[Path]:
    domains = [path for service in SERVICES for path in part_of(service, "domain")]
    return domains + [path for path in python("kernel") if "tests" not in path.parts]


def found(wrong: Iterable[object]) -> str:
    return "\n".join(str(one) for one in wrong)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_the_same_names_as_every_other(service):
    """Who knows one service knows all: nothing to search for, no `utils.py` where things end up."""
    entries = [path for path in (ROOT / "services" / service).glob("*") if path.name != "__pycache__"]
    strange = [path.name for path in entries if path.stem not in {*NAMES, "gateways"} and path.name not in FOLDERS]
    there = {path.stem for path in entries}
    missing = [name for name in NAMES if name not in there] if service in begun() else []

    assert not strange, f"{service} has names that no other service has: {strange}"
    assert not missing, f"{service} has an app.py and lacks {missing}"


def test_a_file_fits_a_sitting():
    """A longer file becomes a folder of the same name, and its import name stands."""
    lengths = {short(path): len(path.read_text("utf-8").splitlines()) for path in python()}
    long = {name: lines for name, lines in lengths.items() if lines > MAX_FILE_LINES}

    assert not (over := long.keys() - LONG_FILES.keys()), found(f"{name}: {long[name]} lines" for name in sorted(over))
    assert not (settled := LONG_FILES.keys() - long.keys()), f"no longer exceptions: {settled}"


def test_a_function_fits_a_screen():
    """What cannot be seen at once is not understood at once."""
    long = {
        f"{short(path)}:{function.name}": lines
        for path in python()
        for function in functions(path)
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > MAX_FUNCTION_LINES
    }

    assert not (over := long.keys() - LONG_FUNCTIONS.keys()), found(f"{name}: {long[name]} lines" for name in sorted(over))
    assert not (settled := LONG_FUNCTIONS.keys() - long.keys()), f"no longer exceptions: {settled}"


def test_every_file_opens_with_a_sentence_about_itself():
    """A newcomer reads the first lines of twenty files before the whole of one."""
    assert not (silent := [short(path) for path in python() if not ast.get_docstring(parsed(path))]), found(silent)


def test_only_the_edge_commits():
    """A command that commits cannot be part of a larger one, and half of what it did would stay after a refusal."""
    inside = [path for path in python("services", "kernel") if "tests" not in path.parts and not DOORS & {path.stem, path.parent.name}]
    wrong = [
        f"{short(path)}:{line} calls {name}" for path in inside for name, line in calls(path) if name in {"begin", "commit", "rollback"}
    ]

    assert not wrong, found(wrong)


def test_a_domain_has_no_clock_no_dice_and_no_float():
    """The same facts give the same answer on every day, and money is never a binary fraction."""
    forbidden_calls = {"now", "today", "utcnow", "uuid1", "uuid4", "uuid7", "time_ns", "monotonic", "urandom"}
    wrong = [f"{short(path)}:{line} calls {name}" for path in pure() for name, line in calls(path) if name in forbidden_calls]
    wrong += [f"{short(path)}:{line} uses {name}" for path in pure() for name, line in words(path) if name in {"float", "random"}]
    wrong += [f"{short(path)} imports {name}" for path in pure() for name in imported(path) if name in {"random", "secrets", "time", "os"}]
    wrong += [
        f"{short(path)}:{node.lineno} writes {node.value}"
        for path in pure()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, float)
    ]

    assert not wrong, found(wrong)


@pytest.mark.parametrize("service", SERVICES)
def test_workflows_know_only_their_steps(service):
    """A workflow is replayed from its history: what it imports must not act, and a chassis acts."""
    allowed = re.compile(
        rf"(datetime|dataclasses|collections\.abc|typing|temporalio(\..+)?|services\.{service}\.(activities|domain)(\..+)?)"
    )
    wrong = [
        f"{short(path)} imports {name}" for path in part_of(service, "workflows") for name in imported(path) if not allowed.fullmatch(name)
    ]

    assert not wrong, found(wrong)


def test_tests_wait_for_nothing_but_what_they_test():
    """A test that sleeps is slow on a fast machine and fails on a slow one."""
    # A workflow's sleep is business time, which the driver skips.
    wrong = [
        f"{short(path)}:{node.lineno}"
        for path in of_tests()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).split(".")[-1] == "sleep"
        and ast.unparse(node.func) != "workflow.sleep"
        and ast.unparse(node.args[0] if node.args else node) != "0"  # gives the loop a turn
    ]

    assert not wrong, found(wrong)


def test_tests_use_real_things():
    """What is pretended proves that the pretence works; a null of ours is product code and tested."""
    libraries = {"mock", "unittest.mock", "pytest_mock", "responses", "freezegun", "time_machine"}
    pretences = {"mo" + "nkeypatch", "mo" + "cker", "Mag" + "icMock"}
    wrong = [f"{short(path)} imports {name}" for path in of_tests() for name in imported(path) if name in libraries]
    for path in of_tests():
        asked = {argument.arg for function in functions(path) for argument in function.args.args}
        used = {name for name, _ in words(path)}
        wrong += [f"{short(path)} uses {name}" for name in (asked | used) & pretences]

    assert not wrong, found(wrong)


def test_the_chassis_knows_no_business_noun():
    """A chassis that knows what an invoice is becomes a sixth service that all others depend on."""
    banned = re.compile(r"\b(invoice|debtor|dunning|payment)\b", re.IGNORECASE)
    chassis = [path for path in python("chassis") if "tests" not in path.parts]
    wrong = [
        f"{short(path)}:{number} {line.strip()}"
        for path in chassis
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if banned.search(line)
    ]

    assert not wrong, found(wrong)


def code_lines(path: Path) -> int:
    """Lines that hold code: no blank line, no comment, no docstring."""
    quiet = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER}
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
        if token.type not in quiet:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines.difference_update(range(node.lineno, (node.end_lineno or 0) + 1))
    return len(lines)


def test_the_chassis_stays_small():
    """Everybody must be able to read it in an afternoon, since everything stands on it."""
    sizes = {short(path): code_lines(path) for path in python("chassis") if "tests" not in path.parts}

    assert sum(sizes.values()) <= CHASSIS_LINES, f"{sum(sizes.values())} lines: {sizes}"


def test_a_namespace_has_no_init():
    """With one, `services/collections` shadows the standard library's when the working directory is `services`."""
    wrong = [short(path) for pattern in NAMESPACES for path in ROOT.glob(f"{pattern}/__init__.py")]

    assert not wrong, found(wrong)


def test_a_package_only_re_exports():
    """A folder stands for the file that it was; code in its `__init__.py` would be the file that nobody opens."""
    allowed = (ast.Import, ast.ImportFrom, ast.Assign, ast.Expr)
    wrong = [
        f"{short(path)}:{node.lineno}"
        for path in python()
        if path.name == "__init__.py"
        for node in parsed(path).body
        if not isinstance(node, allowed) or (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) != "__all__")
    ]

    assert not wrong, found(wrong)


def test_no_file_knows_this_machine_or_a_package_index():
    """A clone works elsewhere: folders of one machine and addresses of one network are not part of the project."""
    place = re.compile(
        rb"(?<![\w.$}])/(work|root|home|Users|mnt)/[A-Za-z]|pypi[.]org|pythonhosted[.]org|npmjs[.]org|/simple/['\"\s]|--extra-inde[x]"
    )
    wrong = [f"{short(path)}: {hit.group().decode()}" for path in files() if (hit := place.search(path.read_bytes()))]

    assert not wrong, found(wrong)


@pytest.mark.parametrize("lock", ["requirements.lock", "tools/uv.lock.txt"])
def test_a_lock_file_names_hashes_and_no_address(lock):
    """An address in a lock file decides for everybody where packages come from; a hash decides what they are."""
    text = (ROOT / lock).read_text("utf-8")
    pins = re.findall(r"^[\w.\[\]-]+==", text, re.MULTILINE)

    assert "://" not in text
    assert pins
    assert len(pins) == len(re.findall(r"\\\n    --hash=sha256:[0-9a-f]{64}(?: \\\n    --hash=sha256:[0-9a-f]{64})*", text))
