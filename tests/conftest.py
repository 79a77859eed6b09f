"""A browser, for pages that are nothing but files."""

import shutil
import subprocess

import pytest


@pytest.fixture
def rendered(tmp_path):
    """A function from a page to its document after rendering in headless Chromium."""
    chromium = shutil.which("chromium")
    assert chromium, "this test needs the command chromium (apt-get install chromium)"
    flags = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
        "--disable-background-networking --disable-component-update --disable-sync "
        f"--user-data-dir={tmp_path / 'profile'} --dump-dom"
    )

    def dump(page):
        command = [chromium, *flags.split(), page.as_uri()]
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", timeout=120, check=True
        )
        return done.stdout

    return dump
