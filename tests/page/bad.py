"""Pages with one deliberate defect each: the proof of the proof. Each has to be caught as what it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tests.page.browser import HEIGHTS, NARROW, View

GOOD: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title>
<meta name="viewport" content="width=device-width"><style>
body { background: #fff; color: #222 } a, summary { color: #0b57a4 }
:focus-visible { outline: 3px solid #0b57a4 }
@media (prefers-color-scheme: dark) { body { background: #111; color: #ddd } a, summary { color: #8fc1ff } }
@media print {
  body { background: #fff; color: #222 }
  a, summary { color: #222 }
  details::details-content { content-visibility: visible; block-size: auto }
}
</style><!--head--></head><body><header><a href="#a">Skip to the text</a></header><main>
<h1>A page</h1><h2 id="a">Text</h2><p>A word that has to stand here.</p><!--text-->
<table><caption>A table</caption><thead><tr><th scope="col">One</th></tr></thead>
<tbody><tr><td>1</td></tr></tbody></table>
<details><summary>More</summary><p>What is folded here.</p></details>
<svg role="img" aria-label="A line" width="40" height="20"><path d="M0 10H40" stroke="#555"/></svg>
</main></body></html>
"""
WORDS: Final = ("A word that has to stand here.",)
SMALL: Final = View(width=NARROW, height=HEIGHTS[NARROW])
POLICY: Final = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
)


@dataclass(frozen=True, slots=True)
class Bad:
    """What is put into a good page: into its `head`, its `text` or the place of `old`; and what has to be seen."""

    kind: str
    says: str
    text: str = ""
    head: str = ""
    old: str = ""
    view: View = SMALL

    @property
    def html(self) -> str:
        """The page."""
        if self.old:
            return GOOD.replace(self.old, self.text)
        return GOOD.replace("<!--text-->", self.text).replace("<!--head-->", self.head)


AXE: Final = View(axe=True)
DARK: Final = View("dark", axe=True)
TAB: Final = View(tab=True)
PRINT: Final = View(media="print", pdf=True)
NO_SCRIPT: Final = View(script=False)
ELSEWHERE: Final = "https://elsewhere.invalid"

BAD: Final = {
    "external image": Bad(
        "request", ELSEWHERE, f'<img alt="a picture" src="{ELSEWHERE}/a.png" width="9" height="9">'
    ),
    "external image without scripts": Bad(
        "request", ELSEWHERE, f'<img alt="" src="{ELSEWHERE}/a.png">', view=NO_SCRIPT
    ),
    "external style sheet": Bad(
        "request", ELSEWHERE, head=f'<link rel="stylesheet" href="{ELSEWHERE}/a.css">'
    ),
    "external font": Bad(
        "request",
        ELSEWHERE,
        head=f"<style>@font-face{{font-family:F;src:url({ELSEWHERE}/f.woff2)}}h1{{font-family:F}}</style>",
    ),
    "file beside the page": Bad("request", "beside.png", '<img alt="" src="beside.png">'),
    "image that the policy holds back": Bad(
        "console",
        "Content Security Policy",
        f'<img alt="" src="{ELSEWHERE}/a.png">',
        POLICY,
        view=NO_SCRIPT,
    ),
    "link that is fetched only when used": Bad(
        "leads away", ELSEWHERE, f'<a href="{ELSEWHERE}">x</a>'
    ),
    "link that leaves the run's folder": Bad(
        "leads away", "../../x.html", '<a href="../../x.html">x</a>'
    ),
    "link to a file that is no page": Bad("leads away", "x.sh", '<a href="x.sh">x</a>'),
    "link that is a script": Bad(
        "leads away", "javascript:", '<a href="javascript:alert(1)">x</a>'
    ),
    "console error": Bad("console", "broken", "<script>console.error('broken')</script>"),
    "page error": Bad("page error", "broken", "<script>throw Error('broken')</script>"),
    "unescaped script that asks": Bad("dialog", "alert: 1", "<script>alert(1)</script>"),
    "unescaped script without scripts": Bad(
        "acts", "script", "<script>alert(1)</script>", view=NO_SCRIPT
    ),
    "unescaped handler": Bad("dialog", "alert: 2", "<img alt='' src=x onerror=alert(2)>"),
    "attribute that acts later": Bad("acts", "onclick", '<p onclick="alert(1)">x</p>'),
    "text that became an element": Bad("acts", "x-hostile", "<x-hostile>x</x-hostile>"),
    "page that goes elsewhere": Bad(
        "acts", "meta", head=f'<meta http-equiv="refresh" content="99;url={ELSEWHERE}">'
    ),
    "text that is swallowed": Bad(
        "text is missing", WORDS[0], "<p>Another.</p>", old="<p>A word that has to stand here.</p>"
    ),
    "missing alt": Bad(
        "axe", "image-alt", '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">', view=AXE
    ),
    "low contrast": Bad(
        "axe", "color-contrast", '<p style="color:#bbb;background:#fff">Pale words.</p>', view=AXE
    ),
    "low contrast in the dark alone": Bad(
        "axe",
        "color-contrast",
        '<p class="q">Dim words.</p>',
        "<style>@media (prefers-color-scheme: dark) { .q { color: #333 } }</style>",
        view=DARK,
    ),
    "label of nothing": Bad("axe", "label", '<input type="text" id="x">', view=AXE),
    "overflow": Bad("overflow", "div", '<div style="width:600px">A wide box.</div>'),
    "word that does not break": Bad("overflow", "p", f"<p>{'w' * 200}</p>"),
    "heading left out": Bad("heading", "h4 after h2", "<h4>Deep</h4>"),
    "two titles": Bad("heading", "one h1", "<h1>Again</h1>"),
    "table without headers": Bad(
        "table", "no column header", "<table><caption>T</caption><tr><td>1</td></tr></table>"
    ),
    "table without a caption": Bad(
        "table", "no caption", '<table><tr><th scope="col">1</th></tr><tr><td>1</td></tr></table>'
    ),
    "picture without a name": Bad(
        "picture", "no name", '<svg role="img" width="9" height="9"></svg>'
    ),
    "picture that is nothing to readers": Bad("picture", "no role=img", '<svg width="9"></svg>'),
    "stop out of order": Bad("tab", "another order", '<a href="#a" tabindex="5">x</a>', view=TAB),
    "stop without a ring": Bad(
        "tab", "no ring", '<a href="#a" style="outline:none">x</a>', view=TAB
    ),
    "stop under a bar": Bad(
        "tab",
        "out of sight",
        '<div style="position:fixed;inset:0;background:#fff;z-index:9"></div>',
        view=TAB,
    ),
    "stop off the page": Bad(
        "tab", "out of sight", '<a href="#a" style="position:fixed;left:-999px">x</a>', view=TAB
    ),
    "folded in print": Bad(
        "print",
        "folded",
        "",
        old="details::details-content { content-visibility: visible; block-size: auto }",
        view=PRINT,
    ),
    "left out of the print": Bad(
        "print",
        "not in the print",
        head="<style>@media print { details p { color: transparent; font-size: 0 } }</style>",
        view=PRINT,
    ),
}
