"""Which words the sources ask to have translated, and what the catalogues say. Needs no gettext on the machine: Python is read by
`ast`, templates by Django's own `templatize`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polib
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(settings.BASE_DIR)
APPS = ("orders", "shipping", "notifications", "tracker")
LANGUAGES = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
_SHAPES = {"gettext": "s", "pgettext": "cs", "ngettext": "sp", "npgettext": "csp"}
_IN_TEMPLATES = re.compile(
    r"""\b(np|n|p|)(?:gettext|_)\(((?:u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"),?\s*)+)"""
)
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%%|\{(\w*)\}")


class Word(NamedTuple):
    context: str
    text: str
    plural: str


def words() -> dict[Word, str]:
    """Each with a file that asks for it."""
    found: dict[Word, str] = {}
    for path in sources():
        told = _of_python(path) if path.suffix == ".py" else _of_template(path)
        for word in told:
            found.setdefault(word, str(path.relative_to(ROOT)))
    return found


def sources() -> Iterator[Path]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if not {"tests", "migrations"} & set(path.parts):
                yield path
    yield from sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in (".html", ".txt"))


def catalogue(language: str) -> polib.POFile:
    return polib.pofile(_path(language, "po"))


def compiled(language: str) -> polib.MOFile:
    return polib.mofile(_path(language, "mo"))


def _path(language: str, kind: str) -> str:
    return str(ROOT / "locale" / language / "LC_MESSAGES" / f"django.{kind}")


def key(entry: polib.POEntry) -> Word:
    return Word(entry.msgctxt or "", entry.msgid, entry.msgid_plural or "")


def said(entry: polib.POEntry) -> list[str]:
    return [text for _, text in sorted(entry.msgstr_plural.items())] if entry.msgid_plural else [entry.msgstr]


def placeholders(text: str) -> set[str]:
    return {match[0] for match in PLACEHOLDER.finditer(text)}


def _of_template(path: Path) -> Iterator[Word]:
    for match in _IN_TEMPLATES.finditer(templatize(path.read_text(encoding="utf-8"))):
        yield _word(f"{match[1]}gettext", list(ast.literal_eval(f"[{match[2].rstrip(', ')}]")))


def _of_python(path: Path) -> Iterator[Word]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names, modules = {}, set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            names |= {alias.asname or alias.name: _plain(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "django.utils":
            modules |= {alias.asname or alias.name for alias in node.names if alias.name == "translation"}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        if isinstance(function, ast.Name):
            kind = names.get(function.id, "")
        elif isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            kind = _plain(function.attr) if function.value.id in modules else ""
        else:
            kind = ""
        if kind in _SHAPES:
            asked = node.args[: len(_SHAPES[kind])]
            wrong = (
                f"{path}:{node.lineno}: a wording must stand here as plain text, or no catalogue can have it"
            )
            assert all(isinstance(one, ast.Constant) for one in asked), wrong
            yield _word(kind, [one.value for one in asked])


def _plain(name: str) -> str:
    return name.removesuffix("_lazy").removesuffix("_noop")


def _word(kind: str, parts: list[str]) -> Word:
    of = dict(zip(_SHAPES[kind], parts, strict=True))
    return Word(of.get("c", ""), of["s"], of.get("p", ""))
