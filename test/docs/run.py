#!/usr/bin/env python3
"""make test-docs: the page at /docs in a real Chromium, of a desk and of a telephone, light and dark, against the real stack:
what it lists, its log-in, a request that it sends and the command that it shows for it, a walk; nothing on the console,
nothing asked of others, nothing wider than the screen, and no violation that axe-core finds.

    SCREENSHOTS=DIR  keeps a picture of each

Ends with `docs: N passed, M failed` and 0, or with 1 when there are failures.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import traceback
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

# pylint: disable=wrong-import-position
from harness.stack import passing_stack

SCREENS = [(width, height, scheme) for width, height in ((1280, 900), (390, 844)) for scheme in ("light", "dark")]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}
ODD = '<b>"x"</b>'  # a column that is markup, if anything takes it for that


def main():
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    failures = []
    with passing_stack("docs") as stack, sync_playwright() as playwright:
        site = stack.open("docs")
        define(site)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"] if os.geteuid() == 0 else [])
        for screen in SCREENS:
            try:
                read_the_page(site, browser, screen)
            except Exception:  # pylint: disable=broad-except
                failures.append(f"FAILED {screen}: {traceback.format_exc()}")
        browser.close()
    print("\n".join(failures))
    print(f"docs: {len(SCREENS) - len(failures)} passed, {len(failures)} failed")
    return 1 if failures else 0


def define(site):
    quoted = '"' + ODD.replace('"', '""') + '"'
    site.sql(f"CREATE TABLE flight (id bigint PRIMARY KEY, origin text, delay int, {quoted} text)")
    site.sql("INSERT INTO flight SELECT 9007199254740993 + i, CASE WHEN i % 2 = 0 THEN 'EWR' ELSE 'JFK' END, i,"
             " '<img src=x onerror=alert(1)>' FROM generate_series(1, 60) i")
    site.create_model("flight", "SELECT * FROM flight")
    site.sql("SELECT daas.create_api('open', 'flight', public => true)")
    site.sql("SELECT daas.create_api('flights', 'flight', scope => '{\"origin\": \"airports\"}', writes => '{insert,delete}')")
    site.sql("SELECT daas.create_account('ewr', 'secret ü', claims => '{\"airports\": [\"EWR\"]}')")
    site.indexer.start()
    site.wait_for_api("open")
    site.wait_for_api("flights", 401)
    site.assert_equal("flight")


def read_the_page(site, browser, screen):
    width, height, scheme = screen
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.clock.install()
    said, asked = [], []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    page.on("dialog", lambda dialog: said.append(f"dialog: {dialog.message}"))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site.indexer.url + "/docs/")
    expect(page.locator("nav a")).to_have_text(["open"])
    expect(page.get_by_role("heading", name="APIs")).to_be_visible()
    check_screen(page, screen, "overview")

    log_in(page, said)
    expect(page.locator("nav a")).to_have_text(["flights", "open"])
    page.click("nav a:has-text('flights')")
    expect(page.locator("h1")).to_have_text("/flights")
    assert page.locator("table").first.locator("tbody th").all_inner_texts() == ["id", "origin", "delay", ODD]
    send_a_read(site, page)
    check_screen(page, screen, "api")
    walk(page)
    write(site, page)
    check_screen(page, screen, "write")
    stay_logged_in(page)
    with page.expect_response("**/auth/logout") as ended:
        page.click("button:has-text('Log out')")
    assert ended.value.status == 204
    expect(page.locator("nav a")).to_have_text(["open"])
    expect(page.locator("h1")).to_have_text("APIs")
    assert not said, said
    assert all(url.startswith(site.indexer.url + "/") for url in asked), asked
    context.close()


def log_in(page, said):
    page.click("summary:has-text('Log in')")
    page.get_by_label("Account").fill("ewr")
    page.get_by_label("Password").fill("wrong")
    page.click("button:has-text('Log in')")
    expect(page.get_by_role("alert")).to_have_text("the account's name or password is wrong")
    # The browser's own line about a status that was expected.
    assert len(said) == 1 and "401" in said[0], said
    said.clear()
    page.get_by_label("Password").fill("secret ü")
    page.click("button:has-text('Log in')")
    expect(page.get_by_text("Log out")).to_be_visible()


def send_a_read(site, page):
    page.click("text=Add a filter")
    page.get_by_label("Column", exact=True).select_option("delay")
    page.get_by_label("Operator", exact=True).select_option("gte")
    page.get_by_label("Value", exact=True).fill("50")
    page.get_by_label("order", exact=True).fill("delay.desc")
    page.get_by_label("limit", exact=True).fill("3")
    page.click("button:has-text('Send')")
    expect(page.locator(".answer h3")).to_contain_text("200")
    token = site.token("ewr", "secret ü")
    expected = site.api("flights", token, delay="gte.50", order="delay.desc", limit=3)
    shown = page.locator(".answer pre").inner_text()
    assert "".join(shown.split()) == "".join(expected.text.split()), shown
    assert "9007199254741053" in shown, "every digit"
    assert page.locator("article img, article b").count() == 0, "text is no markup"
    command = page.locator(".command pre").inner_text()
    done = subprocess.run(["sh", "-c", command.replace("curl ", "curl -sS ", 1)], env=os.environ | {"TOKEN": token}, stdout=subprocess.PIPE,
                          text=True, check=True, timeout=20)
    assert done.stdout == expected.text, command


def walk(page):
    page.click("button:has-text('Remove')")
    page.get_by_label("limit", exact=True).fill("8")
    page.click("summary:has-text('More parameters')")
    page.get_by_label("send it empty").check()
    page.click("button:has-text('Send')")
    following, body = page.get_by_role("button", name="Next page"), page.locator(".answer pre")
    expect(following).to_be_visible()
    rows, pages = [], 0
    while True:
        shown = body.inner_text()
        rows += [row["delay"] for row in json.loads(shown)]
        pages += 1
        if following.count() == 0:
            break
        following.click()
        expect(body).not_to_have_text(shown)
    assert rows == list(range(60, 0, -2)) and pages > 3, (rows, pages)


def write(site, page):
    page.get_by_label("Method", exact=True).select_option("post")
    body = page.get_by_label("Body", exact=True)
    assert list(json.loads(body.get_attribute("placeholder"))) == ["id", "origin", "delay", ODD]
    body.fill(json.dumps({"id": 5, "origin": "EWR", "delay": -1, ODD: "it's"}))
    page.click("summary:has-text('More parameters')")
    page.get_by_label("Prefer", exact=True).fill("return=representation")
    command = page.locator(".command pre").inner_text()
    done = subprocess.run(["sh", "-c", command.replace("curl ", "curl -sS ", 1)], env=os.environ | {"TOKEN": site.token("ewr", "secret ü")},
                          stdout=subprocess.PIPE, text=True, check=True, timeout=20)
    assert json.loads(done.stdout) == [{"id": 5, "origin": "EWR", "delay": -1, ODD: "it's"}], command
    body.fill(body.input_value().replace("5", "7"))
    page.click("button:has-text('Send')")
    expect(page.locator(".answer h3")).to_contain_text("201")
    assert json.loads(page.locator(".answer pre").inner_text())[0]["id"] == 7
    page.get_by_label("Method", exact=True).select_option("delete")
    expect(page.get_by_label("Body", exact=True)).to_have_count(0)
    page.click("text=Add a filter")
    page.get_by_label("Operator", exact=True).select_option("in")
    page.get_by_label("Value", exact=True).fill("(5,7)")
    page.click("button:has-text('Send')")
    expect(page.locator(".answer h3")).to_contain_text("204")
    site.assert_equal("flight")


def stay_logged_in(page):
    """A little before its end a token is replaced, without a touch."""
    page.get_by_label("Value", exact=True).fill("(8)")
    for _ in range(2):
        with page.expect_response("**/auth/refresh") as refreshed:
            page.clock.fast_forward("01:00:00")
        assert refreshed.value.status == 200
        refreshed.value.finished()
    expect(page.get_by_label("Value", exact=True)).to_have_value("(8)")
    expect(page.get_by_text("Log out")).to_be_visible()


def check_screen(page, screen, name):
    if directory := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{directory}/{name}-{'-'.join(map(str, screen))}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than the screen"
    found = Axe().run(page, options=RULES).response["violations"]
    assert not found, [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]


if __name__ == "__main__":
    sys.exit(main())
