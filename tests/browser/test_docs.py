"""The page at `/api/docs`, as whoever opens it meets it."""

import json
import os
from pathlib import Path

import pytest
from conftest import asked
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import (
    element_to_be_clickable,
    visibility_of_element_located,
)
from selenium.webdriver.support.wait import WebDriverWait

LOGIN = json.dumps({"username": "alice", "password": "alice-pw"})


class Page:
    """The page, by what one sees of it."""

    def __init__(self, browser, origin):
        self.browser = browser
        self.wait = WebDriverWait(browser, 20)
        browser.get(origin + "/api/docs")

    def click(self, selector):
        self.wait.until(element_to_be_clickable((By.CSS_SELECTOR, selector))).click()

    def see(self, selector):
        return self.wait.until(visibility_of_element_located((By.CSS_SELECTOR, selector)))

    def open(self, operation):
        """Opens an operation to be tried out, and says where it is."""
        block = f"#operations-{operation}"
        self.click(f"{block} .opblock-summary-control")
        self.click(f"{block} .try-out__btn")
        return block

    def write(self, selector, text):
        field = self.see(selector)
        field.clear()
        field.send_keys(text)

    def execute(self, block):
        """What is answered: the status, and the body."""
        self.click(f"{block} .execute")
        live = f"{block} .live-responses-table"
        status = self.see(f"{live} tr.response .response-col_status")
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", status)
        body = self.see(f"{live} tr.response .response-col_description .highlight-code code").text
        return int(status.text.split()[0]), json.loads(body)

    def try_out_a_login(self):
        block = self.open("token-token_obtain_pair")
        self.write(f"{block} textarea.body-param__text", LOGIN)
        return self.execute(block)

    def authorize(self, token):
        self.click(".auth-wrapper .authorize")
        self.write(".auth-container input", token)
        self.click(".auth-btn-wrapper .authorize")
        self.click(".auth-btn-wrapper .btn-done")

    def keep(self, name, folder):
        """Keeps a picture of the page, in the test's folder unless somebody wants to look at it."""
        folder = Path(os.environ.get("TEGATA_TEST_SCREENSHOTS", folder))
        folder.mkdir(parents=True, exist_ok=True)
        self.browser.save_screenshot(str(folder / f"{name}.png"))


@pytest.fixture
def page(browser, origin):
    return Page(browser, origin)


def test_a_login_that_is_tried_out_obtains_a_token_pair_which_opens_what_it_should(page, tmp_path):
    status, pair = page.try_out_a_login()
    page.keep("login", tmp_path)
    page.authorize(pair["access"])
    user = page.execute(page.open("token-token_user"))
    page.keep("user", tmp_path)

    assert (status, list(pair)) == (200, ["username", "refresh", "access"])
    assert user == (200, {"id": 1, "username": "alice"})


def test_what_is_tried_out_as_it_stands_is_refused_as_the_document_says(page, tmp_path):
    block = page.open("token-token_verify")
    page.keep("verify", tmp_path)

    status, error = page.execute(block)

    assert (status, error["code"]) == (401, "token_not_valid")


def test_the_page_asks_nobody_but_its_own_service_and_breaks_none_of_its_rules(page, origin):
    page.try_out_a_login()

    addresses = asked(page.browser)
    elsewhere = [url for url in addresses if not url.startswith((f"{origin}/", "data:"))]
    faults = [entry["message"] for entry in page.browser.get_log("browser")]

    assert f"{origin}/api/token/pair" in addresses
    assert elsewhere == []
    assert faults == []
