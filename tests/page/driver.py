"""Looks at pages in Chromium and writes down what it saw: `python driver.py JOB.json`.

Runs in the environment that browser.py makes, which has Playwright and pypdf and nothing of ours. Judges nothing.
"""

from __future__ import annotations

import io
import json
import sys
import time
import unicodedata
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright
from pypdf import PdfReader

HERE = Path(__file__).parent
LOOK = (HERE / "look.js").read_text(encoding="utf-8")
STOPS = (HERE / "stops.js").read_text(encoding="utf-8")
AXE = "axe.run(document, {resultTypes: ['violations'], preload: false})"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
LOOSE = "nav { position: static !important }"  # a bar that sticks would lie over what is taken
MOST_STOPS = 600
LOAD_MS = 30_000


def main(words: list[str]) -> None:
    """One look for each view of each page, into one file."""
    job = json.loads(Path(words[0]).read_text(encoding="utf-8"))
    axe = Path(job["axe"]).read_text(encoding="utf-8") if job["axe"] else ""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=job["chromium"], args=[*QUIET])
        looks = [look(browser, page, view, axe) for page in job["pages"] for view in page["views"]]
        browser.close()
    Path(job["out"]).write_text(json.dumps(looks, indent=1), encoding="utf-8")


def look(browser: Browser, asked: dict[str, Any], view: dict[str, Any], axe: str) -> dict[str, Any]:
    """What one page is in one view."""
    context = browser.new_context(
        java_script_enabled=view["script"],
        # With scripts on the page is not protected by its own policy, so that what got in does run.
        bypass_csp=view["script"],
        color_scheme=view["scheme"],
        viewport={"width": view["width"], "height": view["height"]},
        reduced_motion="reduce",
        service_workers="block",
    )
    context.set_default_timeout(LOAD_MS)
    began = time.monotonic()
    try:
        found = _seen(context, asked, view, axe)
        took_s = round(time.monotonic() - began, 2)
        return {"page": asked["name"], "view": view, "took_s": took_s, **found}
    finally:
        context.close()


def _seen(
    context: BrowserContext, asked: dict[str, Any], view: dict[str, Any], axe: str
) -> dict[str, Any]:
    found: dict[str, Any] = {"requests": [], "console": [], "errors": [], "dialogs": []}
    address = Path(asked["path"]).resolve().as_uri()
    context.route("**/*", lambda route: _let(route, address))
    context.on("request", lambda request: _other(request.url, address, found["requests"]))
    page = context.new_page()
    _listen(page, found)
    page.emulate_media(media=view["media"])
    page.goto(address, wait_until="load")
    page.wait_for_timeout(50)  # what a page starts when it is loaded
    found |= page.evaluate(LOOK, asked["words"])
    if view["axe"]:
        page.evaluate(axe)
        found["axe"] = [_rule(each) for each in page.evaluate(AXE)["violations"]]
    if view["tab"]:
        found["tab"] = _tabbed(page)
    if view["media"] == "print":
        found["pdf"] = _printed(page, view["pdf"])
    if view["picture"]:
        _picture(page, view)
    return found


def _let(route: Route, address: str) -> None:
    if route.request.url.partition("#")[0] == address:
        route.continue_()
    else:
        route.abort()


def _other(url: str, address: str, requests: list[str]) -> None:
    if url.partition("#")[0] != address and not url.startswith("data:"):
        requests.append(url[:200])


def _listen(page: Page, found: dict[str, Any]) -> None:
    def said(message: Any) -> None:
        if message.type in ("error", "warning", "assert"):
            found["console"].append(f"{message.type}: {message.text[:300]}")

    def asked(dialog: Any) -> None:
        found["dialogs"].append(f"{dialog.type}: {dialog.message[:200]}")
        dialog.dismiss()

    page.on("console", said)
    page.on("dialog", asked)
    page.on("pageerror", lambda error: found["errors"].append(str(error)[:300]))
    page.on("popup", lambda other: found["requests"].append(f"opened {other.url[:200]}"))


def _rule(found: dict[str, Any]) -> dict[str, Any]:
    nodes = [
        {
            "target": " ".join(str(each) for each in node["target"]),
            "html": node["html"][:160],
            "why": node["failureSummary"].replace("\n", " ")[:240],
        }
        for node in found["nodes"]
    ]
    return {"id": found["id"], "impact": found["impact"], "count": len(nodes), "nodes": nodes[:5]}


def _tabbed(page: Page) -> dict[str, Any]:
    """Where Tab has to stop, and where it did, until it comes round."""
    stops, visited = page.evaluate(STOPS), []
    for _ in range(min(3 * len(stops) + 20, MOST_STOPS)):
        page.keyboard.press("Tab")
        standing = page.evaluate("window.standing()")
        if standing is None or (visited and standing == visited[0]):
            break
        visited.append(standing)
    return {"stops": stops, "visited": visited}


def _printed(page: Page, is_read: bool) -> dict[str, Any]:
    document = page.pdf(format="A4")
    reader = PdfReader(io.BytesIO(document))
    texts = [each.extract_text() for each in reader.pages] if is_read else []
    # A reader of the text takes a line's end for a space, and writes some pairs of letters as one.
    text = "".join(unicodedata.normalize("NFKC", "".join(texts)).split())
    return {"bytes": len(document), "pages": len(reader.pages), "text": text if is_read else None}


def _picture(page: Page, view: dict[str, Any]) -> None:
    if view["of"]:
        if page.locator(view["of"]).count() == 0:
            sys.exit(f"nothing on the page is {view['of']}")
        page.locator(view["of"]).first.screenshot(path=view["picture"], style=LOOSE)
    else:
        page.screenshot(path=view["picture"], full_page=view["whole"])


if __name__ == "__main__":
    main(sys.argv[1:])
