"""The site in a real browser: Debian's chromium, by its own driver. Each check says what it saw, or fails."""

import functools
import http.server
import threading

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

SIZES = {"desktop": (1400, 1000), "telephone": (390, 844)}
# what a reader looks for, and the page that must be among the first results
SEARCHES = {
    "proxy": "tasks/proxy",
    "lock": "tasks/pin",
    "exit code": "reference/exit-codes",
    "APTLET_PACKAGES": "reference/settings",
    "InRelease expired": "reference/troubleshooting",
    "air-gapped": "tasks/air-gapped",
    "sidecar": "tasks/sidecar",
    "Alpine": "tasks/alpine-image",
    "maintainer scripts": "explanation/limits",
}
FIRST = 5


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def serve(folder):
    """The address of the folder, on the loopback, until this process ends."""
    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}"


def browser(size):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", f"--window-size={size[0]},{size[1]}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))


class Visit:
    def __init__(self, site, pictures):
        self.url, self.pictures = serve(site), pictures
        self.pages = sorted(path.relative_to(site) for path in site.rglob("*.html") if path.name != "404.html")
        self.faults = []

    def check(self, what, fine):
        if not fine:
            self.faults.append(what)

    def picture(self, driver, name):
        self.pictures.mkdir(parents=True, exist_ok=True)
        driver.save_screenshot(str(self.pictures / f"{name}.png"))

    def open(self, driver, page):
        driver.get(f"{self.url}/{page}")

    def quiet(self, driver, page):
        """Nothing went wrong on the page, and nothing came from elsewhere."""
        for entry in driver.get_log("browser"):
            self.check(f"{page}: {entry['message']}", entry["level"] not in ("SEVERE", "WARNING"))
        for name in driver.execute_script("return performance.getEntriesByType('resource').map(one => one.name)"):
            self.check(f"{page} fetched {name}", name.startswith((self.url, "data:", "blob:")))

    def every_page(self, driver, size):
        for page in self.pages:
            self.open(driver, page)
            self.check(f"{page} has no heading", driver.find_elements(By.CSS_SELECTOR, "article h1"))
            wide = driver.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
            self.check(f"{page} is {wide} pixels too wide for a {size}", wide <= 0)
            self.quiet(driver, page)
        return f"{len(self.pages)} pages on a {size}: each has its heading, fits, and fetches nothing from elsewhere"

    def results(self, driver, words):
        """The addresses of the pages that a search found, once they change no more: each letter begins it anew."""
        script = "return [...document.querySelectorAll('.md-search-result__item > a.md-search-result__link')].map(one => one.href)"
        before = None

        def settled(driver):
            nonlocal before
            now = driver.execute_script(script)
            same, before = now == before, now
            return now if same else None

        return WebDriverWait(driver, 20, poll_frequency=0.7).until(settled, f"nothing is found for {words!r}")

    def search(self, driver):
        for words, wanted in SEARCHES.items():
            self.open(driver, "index.html")
            box = driver.find_element(By.CSS_SELECTOR, "input.md-search__input")
            box.send_keys(words)
            links = self.results(driver, words)
            first = [link.partition("?")[0].removeprefix(f"{self.url}/").removesuffix(".html") for link in links[:FIRST]]
            self.check(f"the search for {words!r} finds {first}, and not {wanted} among the first", wanted in first)
            if words == "proxy":
                self.picture(driver, "search")
                box.send_keys(Keys.ENTER)
                WebDriverWait(driver, 20).until(lambda driver: "index.html" not in driver.current_url, "Enter opens no result")
                self.check(f"{driver.current_url} does not have what was looked for", "proxy" in driver.find_element(By.TAG_NAME, "article").text.lower())
        return f"{len(SEARCHES)} searches, each with the page among the first {FIRST}"

    def follow(self, driver):
        """Links of the home page's tables, as a reader clicks them; each shows the heading that it leads to."""
        self.open(driver, "index.html")
        count = len(driver.find_elements(By.CSS_SELECTOR, "article a[href]:not(.headerlink)"))
        for number in range(count):
            link = driver.find_elements(By.CSS_SELECTOR, "article a[href]:not(.headerlink)")[number]
            target = link.get_attribute("href")
            driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", link)
            link.click()
            WebDriverWait(driver, 20).until(lambda driver, target=target: driver.current_url == target, f"a click does not lead to {target}")
            self.check(f"{target} shows no heading", driver.find_elements(By.CSS_SELECTOR, "article h1"))
            driver.back()
            WebDriverWait(driver, 20).until(lambda driver: driver.current_url.endswith("/index.html"))
        for tab in ("Tasks", "Reference", "Explanation", "Code"):
            self.open(driver, "index.html")
            driver.find_element(By.LINK_TEXT, tab).click()
            WebDriverWait(driver, 20).until(lambda driver: not driver.current_url.endswith("/index.html"), f"the tab {tab} leads nowhere")
        return f"{count} links and 4 tabs of the home page"

    def anchors(self, driver):
        """A link to a heading shows that heading."""
        self.open(driver, "reference/troubleshooting.html#6-destination")
        top = driver.execute_script("return document.getElementById('6-destination').getBoundingClientRect().top")
        self.check(f"the heading of a link is {top} pixels away", 0 <= top < 300)
        return "a link to a heading of a long page shows it"

    def all(self):
        """What was seen; see `faults` then."""
        for size, pixels in SIZES.items():
            driver = browser(pixels)
            try:
                yield self.every_page(driver, size)
                for page in ("index", "tasks/quickstart", "tasks/add-a-tool", "reference/settings", "reference/troubleshooting", "choosing"):
                    self.open(driver, f"{page}.html")
                    self.picture(driver, f"{size}-{page.replace('/', '-')}")
                if size == "desktop":
                    yield self.search(driver)
                    yield self.follow(driver)
                    yield self.anchors(driver)
                    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
                    self.open(driver, "index.html")
                    self.picture(driver, "desktop-dark")
            finally:
                driver.quit()
