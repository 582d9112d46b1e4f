"""A real headless Chromium for the tests, with the network off; and JupyterLab driven by it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from selenium.common.exceptions import TimeoutException
from selenium.webdriver import ActionChains, Chrome, ChromeOptions, Keys
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
STATUS = "jp-main-statusbar"
# Every code cell with something in it has got its number: [ ] never ran, [*] waits or runs
ALL_RAN = """
  return [...document.querySelectorAll('.jp-Notebook .jp-CodeCell')]
    .filter(cell => cell.querySelector('.cm-content')?.textContent.trim())
    .every(cell => /\\[\\d+\\]/.test(cell.querySelector('.jp-InputPrompt')?.textContent))
"""
BEGUN = """
  // a folded cell has no number, but an output
  return !!document.querySelector('.jp-Notebook .jp-OutputArea-child')
    || [...document.querySelectorAll('.jp-Notebook .jp-CodeCell .jp-InputPrompt')]
      .some(prompt => /\\[[\\d*]+\\]/.test(prompt.textContent))
"""
TEXTS = """
  return [...document.querySelectorAll(arguments[0])]
    .filter(each => each.getClientRects().length).map(each => each.innerText.trim())
"""
NOTEBOOK_CELL = ".jp-Notebook .jp-Cell"
# Seconds; a busy machine of two cores needs many of them
LAB_START, LAB_RUN = 90, 180

Found = TypeVar("Found")


def _programs() -> tuple[str, str]:
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    driver = shutil.which("chromedriver")
    if browser and driver:
        return browser, driver
    why = "no chromium and chromedriver here (Debian: apt install chromium-driver)"
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


@contextmanager
def chromium(profile: Path) -> Iterator[Chrome]:
    browser, driver_path = _programs()
    options = ChromeOptions()
    options.binary_location = browser
    for flag in [*FLAGS, f"--user-data-dir={profile}", "--window-size=1280,900"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=Service(executable_path=driver_path))
    try:
        yield driver
    finally:
        driver.quit()


def wait_for(driver: Chrome, seconds: float, what: Callable[[Chrome], Found]) -> Found:
    """What the function returns once it is true; elements may come and go meanwhile."""
    from selenium.common.exceptions import WebDriverException

    return WebDriverWait(driver, seconds, 0.2, [WebDriverException]).until(what)  # type: ignore[return-value]


def texts(driver: Chrome, css: str) -> list[str]:
    """What the shown elements say, all read at one moment: none can go stale between two."""
    found: list[str] = driver.execute_script(TEXTS, css)
    return found


def resize(driver: Chrome, width: int, height: int = 900) -> None:
    """Set the size of the page itself: a window can't be as narrow as a phone."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def close_other_tabs(driver: Chrome) -> None:
    """Close the tabs that links opened: a tab behind another one draws nothing."""
    own = driver.current_window_handle
    for other in set(driver.window_handles) - {own}:
        driver.switch_to.window(other)
        driver.close()
    driver.switch_to.window(own)


def errors(driver: Chrome) -> list[str]:
    """Console entries since last asked that say something failed."""
    return [entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]


@contextmanager
def jupyterlab(folder: Path, home: Path, *opening: str) -> Iterator[str]:
    """JupyterLab on a folder, as `onetomany lab` or another command starts it; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-P", "-m", "onetomany.cli"]
    command += [*(opening or ("lab", "--notebooks", str(folder))), "--"]
    command += ["--no-browser", "--allow-root", f"--ServerApp.port={port}"]
    command += ["--ServerApp.port_retries=0", "--IdentityProvider.token="]
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lab.log").open("w") as log:
        server = subprocess.Popen(
            command,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that Lab, a child of the command, can be ended with it
        )
        address = f"http://127.0.0.1:{port}"
        try:
            _until_up(f"{address}/api", server, home / "lab.log")
            yield address
        finally:
            _end(server)


def _end(server: subprocess.Popen[bytes]) -> None:
    """End the command and Lab under it, which shuts its kernels down before it goes."""
    deadline = time.monotonic() + 20
    os.killpg(server.pid, signal.SIGTERM)
    while time.monotonic() < deadline:
        server.poll()  # takes note of its end, so that it isn't counted as still there
        try:
            os.killpg(server.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.2)
    os.killpg(server.pid, signal.SIGKILL)


def _until_up(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + LAB_START
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


def run_notebook_in_lab(driver: Chrome, address: str, notebook: str, mode: str = "lab") -> None:
    """Open a notebook (its path in Lab's folder) and run all its cells, as a reader would."""
    _open_in_lab(driver, f"{address}/{mode}/tree/{notebook}?reset")
    # on a busy machine a click may come before Lab listens: it is made again, as a reader would
    for _ in range(3):
        _menu(driver, "Run", "Run All Cells")
        try:
            wait_for(driver, 20, lambda d: d.execute_script(BEGUN))
            break
        except TimeoutException:
            continue
    wait_for(driver, LAB_RUN, lambda d: d.execute_script(ALL_RAN))


def _open_in_lab(driver: Chrome, url: str) -> None:
    """Open a notebook, and wait for its kernel: a click on Run before would ask which to take."""

    def step_in(d: Chrome) -> bool:
        d.execute_cdp_cmd("Page.bringToFront", {})
        cells = d.find_elements(By.CSS_SELECTOR, NOTEBOOK_CELL)
        shown = next((each for each in cells if each.is_displayed()), None)
        if shown is not None:
            shown.click()
        return shown is not None and bool(d.execute_script("return document.hasFocus()"))

    driver.get(url)
    # whoever went through a page by Tab may have left the focus in the browser's own frame, and
    # Lab shows no kernel of a notebook that nobody is in
    try:
        wait_for(driver, LAB_START, step_in)
        wait_for(driver, LAB_START, lambda d: "| Idle" in d.find_element(By.ID, STATUS).text)
    except TimeoutException:
        shown = driver.execute_script("return document.body.innerText")
        pytest.fail(f"No notebook with an idle kernel in {LAB_START} s; the page shows:\n{shown}")


def _menu(driver: Chrome, menu: str, item: str) -> None:
    wait_for(
        driver,
        10,
        lambda d: _labelled(d, ".lm-MenuBar-itemLabel", menu),
    ).click()
    wait_for(driver, 10, lambda d: _labelled(d, ".lm-Menu-itemLabel", item)).click()


def _labelled(driver: Chrome, css: str, text: str) -> WebElement | None:
    elements = driver.find_elements(By.CSS_SELECTOR, css)
    return next((e for e in elements if e.text == text and e.is_displayed()), None)


def move_slider(driver: Chrome, handle: WebElement, key: str = Keys.ARROW_RIGHT) -> None:
    """Move a slider by its keyboard, from its handle, as someone without a mouse does."""
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", handle)
    driver.execute_script("arguments[0].focus()", handle)
    ActionChains(driver).send_keys(key).perform()
