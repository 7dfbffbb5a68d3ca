"""Gets Chromium, its driver and the accessibility checker, and has pages looked at."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from conformance.errors import ConfigurationError
from tests.judges import tools

PYTHON_PACKAGES: Final = ("playwright==1.65.2", "pypdf==7.1.1")
NODE_PACKAGES: Final = Path(__file__).with_name("package.json")
DRIVER: Final = Path(__file__).with_name("driver.py")
# The fonts are those that the page asks for.
DEBIAN_PACKAGES: Final = ("chromium", "fonts-dejavu-core", "fonts-liberation")
NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
NARROW, WIDE = 390, 1280
HEIGHTS: Final = {NARROW: 844, WIDE: 900}
SECONDS: Final = 1200.0  # on a busy machine; a quiet one takes a tenth

Look = dict[str, Any]


@dataclass(frozen=True, slots=True)
class View:
    """How a page is looked at, and what is done there besides."""

    scheme: str = "light"
    width: int = WIDE
    height: int = HEIGHTS[WIDE]
    script: bool = True
    media: str = "screen"
    axe: bool = False
    tab: bool = False
    pdf: bool = False  # the text of the print is read as well
    picture: str = ""
    whole: bool = False
    of: str = ""

    @property
    def name(self) -> str:
        """As a log says it."""
        script = "with scripts" if self.script else "without scripts"
        return f"{self.scheme} {self.width} {self.media} {script}"


@dataclass(frozen=True, slots=True)
class Asked:
    """A page, the views of it, and the texts that have to stand on it."""

    name: str
    path: Path
    views: Sequence[View]
    words: Sequence[str] = ()


def views(tab: bool = True, pdf: bool = True, axe_widths: Sequence[int] = HEIGHTS) -> list[View]:
    """Both schemes, both widths, with scripts and without; then as it is printed.

    axe-core reads the page in these widths, and the print where it reads all.
    """
    screen = [
        View(scheme, width, height, script, axe=script and width in axe_widths)
        for scheme in ("light", "dark")
        for width, height in HEIGHTS.items()
        for script in (True, False)
    ]
    # The Tab key walks once in each width; without scripts it is the browser's own in any case.
    with_tab = [
        replace(each, tab=tab and each.script and (each.scheme == "light") == (each.width == WIDE))
        for each in screen
    ]
    axe = set(axe_widths) == set(HEIGHTS)
    printed = [View(scheme, media="print", axe=axe) for scheme in ("light", "dark")]
    return [*with_tab, replace(printed[0], pdf=pdf), printed[1]]


def pictures(folder: Path, name: str, whole: bool = False, of: str = "") -> list[View]:
    """The four pictures of a page: light and dark, wide and narrow."""
    folder = folder.resolve()
    return [
        View(
            scheme,
            width,
            height,
            picture=str(folder / f"{name}-{scheme}-{size}.png"),
            whole=whole,
            of=of,
        )
        for scheme in ("light", "dark")
        for size, (width, height) in zip(("narrow", "wide"), HEIGHTS.items(), strict=True)
    ]


def looks(pages: Sequence[Asked], folder: Path, name: str, with_axe: bool = True) -> list[Look]:
    """What was seen of every page in every view. Raises ConfigurationError."""
    folder = folder.resolve()
    log, job, out = (folder / f"{name}{end}" for end in (".log", ".job.json", ".looks.json"))
    asked = {
        "chromium": chromium(log),
        "axe": str(_axe(log)) if with_axe else "",
        "out": str(out),
        "pages": [{**asdict(each), "path": str(each.path.resolve())} for each in pages],
    }
    job.write_text(json.dumps(asked), encoding="utf-8")
    python = tools.python("python", log, PYTHON_PACKAGES, "page-driver")
    try:
        code = tools.run([python, DRIVER, job], log, seconds=SECONDS)
    except subprocess.TimeoutExpired:
        raise ConfigurationError(f"no look at the pages within {SECONDS:g} s, see {log}") from None
    if code != 0:
        said = log.read_text(encoding="utf-8").split("\n")[-2:]
        raise ConfigurationError(f"no look at the pages: {' '.join(said).strip()} (see {log})")
    found: list[Look] = json.loads(out.read_text(encoding="utf-8"))
    return found


def _axe(log: Path) -> Path:
    return tools.node_modules(log, NODE_PACKAGES, "page") / "axe-core" / "axe.min.js"


def chromium(log: Path) -> str:
    """The path of a Chromium; Debian's is installed where that can be done. Raises ConfigurationError."""
    if found := _on_the_path():
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        tools.must(["apt-get", "update"], log)
        options = ("--yes", "--no-install-recommends")
        tools.must(["apt-get", "install", *options, *DEBIAN_PACKAGES], log)
    if found := _on_the_path():
        return found
    raise ConfigurationError("no Chromium on this machine: sudo apt-get install chromium")


def _on_the_path() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)
