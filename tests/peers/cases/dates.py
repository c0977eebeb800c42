"""Point 3: dates as programs write them."""

import time

from cases import case
from cases.releases import plain

NOW = time.gmtime(time.time() - 7200)
FORMS = {
    "rfc1123-utc": "%a, %d %b %Y %H:%M:%S UTC",
    "rfc1123-gmt": "%a, %d %b %Y %H:%M:%S GMT",
    "rfc1123-z": "%a, %d %b %Y %H:%M:%S Z",
    "rfc1123-0000": "%a, %d %b %Y %H:%M:%S +0000",
    "rfc1123-minus-0000": "%a, %d %b %Y %H:%M:%S -0000",
    "rfc1123-0200": "%a, %d %b %Y %H:%M:%S +0200",
    "rfc1123-minus-0500": "%a, %d %b %Y %H:%M:%S -0500",
    "rfc1123-02-00": "%a, %d %b %Y %H:%M:%S +02:00",
    "rfc1123-cest": "%a, %d %b %Y %H:%M:%S CEST",
    "rfc1123-est": "%a, %d %b %Y %H:%M:%S EST",
    "rfc1123-no-zone": "%a, %d %b %Y %H:%M:%S",
    "rfc1123-no-weekday": "%d %b %Y %H:%M:%S UTC",
    "rfc1123-weekday-dot": "%a., %d %b %Y %H:%M:%S UTC",
    "rfc1123-month-dot": "%a, %d %b. %Y %H:%M:%S UTC",
    "rfc1123-no-comma": "%a %d %b %Y %H:%M:%S UTC",
    "rfc1123-long-month": "%a, %d %B %Y %H:%M:%S UTC",
    "rfc1123-long-weekday": "%A, %d %b %Y %H:%M:%S UTC",
    "rfc1123-no-seconds": "%a, %d %b %Y %H:%M UTC",
    "rfc1123-two-spaces": "%a,  %d  %b %Y %H:%M:%S UTC",
    "rfc1123-lower-case": "lower",
    "rfc1123-day-of-one-digit": "%a, {day} %b %Y %H:%M:%S UTC",
    "rfc1123-hour-of-one-digit": "%a, %d %b %Y {hour}:%M:%S UTC",
    "rfc1123-wrong-weekday": "Xyz, %d %b %Y %H:%M:%S UTC",
    "rfc1123-trailing": "%a, %d %b %Y %H:%M:%S UTC (Greenwich)",
    "rfc850": "%A, %d-%b-%y %H:%M:%S GMT",
    "asctime": "%a %b %d %H:%M:%S %Y",
    "date-program": "%a %b %d %H:%M:%S UTC %Y",
    "date-program-am-pm": "%a %d %b %Y %I:%M:%S %p UTC",
    "iso8601-t": "%Y-%m-%dT%H:%M:%SZ",
    "iso8601-space": "%Y-%m-%d %H:%M:%S",
    "iso8601-zone": "%Y-%m-%dT%H:%M:%S+00:00",
    "iso8601-date-only": "%Y-%m-%d",
    "iso8601-fraction": "%Y-%m-%dT%H:%M:%S.123Z",
    "unix": "unix",
    "german": "%a, %d Okt %Y %H:%M:%S UTC",
    "german-weekday": "Do, %d %b %Y %H:%M:%S UTC",
    "french": "jeu., %d nov. %Y %H:%M:%S UTC",
    "empty": "",
    "nonsense": "yesterday",
    "day-32": "%a, 32 %b %Y %H:%M:%S UTC",
    "hour-25": "%a, %d %b %Y 25:%M:%S UTC",
    "month-13": "%Y-13-%d",
    "year-1969": "Thu, 01 Jan 1969 00:00:00 UTC",
    "year-1970": "Thu, 01 Jan 1970 00:00:00 UTC",
    "year-9999": "Fri, 31 Dec 9999 23:59:59 UTC",
    "tomorrow": "+1",
    "in-five-seconds": "+0.00005",
    "in-a-year": "+365",
    "two-years-ago": "-730",
}


def text(form, days=0.0):
    if form == "unix":
        return str(int(time.time() + days * 86400))
    if form[:1] in "+-" and form:
        return time.strftime(FORMS["rfc1123-utc"], time.gmtime(time.time() + float(form) * 86400))
    when = time.gmtime(time.mktime(NOW) + days * 86400) if days else NOW
    said = time.strftime(FORMS["rfc1123-utc"] if form == "lower" else form, when)
    said = said.replace("{day}", str(when.tm_mday)).replace("{hour}", str(when.tm_hour))
    return said.lower() if form == "lower" else said


for label, form in FORMS.items():
    @case(f"date/{label}")
    def date(site, form=form):
        plain(site).write(Date=text(form))
        return site.ask()

    @case(f"valid-until/{label}")
    def valid_until(site, form=form):
        plain(site).write(Valid_Until=text(form, 30))
        return site.ask()


for label, until in (("past", -1), ("future", 7), ("moment-ago", -0.001)):
    @case(f"valid-until/{label}")
    def passed(site, until=until):
        plain(site).write(Date=text("-30"), Valid_Until=text(f"{until:+}"))
        return site.ask()

    for option in ("check-valid-until=no", "valid-until-max=86400", "valid-until-min=9999999", "check-date=no", "date-max-future=100"):
        @case(f"valid-until/{label}-{option.replace('=', '-')}")
        def with_option(site, until=until, option=option):
            plain(site).write(Date=text("-30"), Valid_Until=text(f"{until:+}"))
            return site.ask(list=site.line(option))


@case("date/tomorrow-check-date-no")
def check_date(site):
    plain(site).write(Date=text("+1"))
    return site.ask(list=site.line("check-date=no"))


@case("date/tomorrow-max-future")
def max_future(site):
    plain(site).write(Date=text("+1"))
    return site.ask(list=site.line("date-max-future=172800"))


@case("date/older-than-before")
def older(site):
    repository = plain(site).write(Date=text("-1"))

    def then():
        repository.add(site.deb("tool", "2.0", Depends="lib")).write(Date=text("-2"))
    return site.ask(then=then)


@case("date/newer-than-before")
def newer(site):
    repository = plain(site).write(Date=text("-2"))

    def then():
        repository.add(site.deb("tool", "2.0", Depends="lib")).write(Date=text("-1"))
    return site.ask(then=then)
