"""What the owners of the formats say, by their own packages; `run` calls it in the virtual environment that has these.

    judge.py cdx FILE | spdx FILE [SCHEMA] | purls FILE | cases [FILE]
"""

import json
import sys


def cdx(file):
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    with open(file, encoding="utf-8") as text:
        problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text.read())
    return [str(problem)] if problem else []


def spdx(file, schema=None):
    from spdx_tools.spdx.parser.error import SPDXParsingError
    from spdx_tools.spdx.parser.parse_anything import parse_file
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

    problems = []
    with open(file, encoding="utf-8") as text:
        document = json.load(text)
    if schema:
        from jsonschema import Draft7Validator

        with open(schema, encoding="utf-8") as text:
            problems += [f"{list(error.path)}: {error.message}" for error in Draft7Validator(json.load(text)).iter_errors(document)]
    # the schema has an enumeration that spdx-tools also takes in another spelling
    for package in document["packages"]:
        if "-" in package.get("primaryPackagePurpose", ""):
            problems.append(f"primaryPackagePurpose {package['primaryPackagePurpose']}")
    try:
        problems += [found.validation_message for found in validate_full_spdx_document(parse_file(file), "SPDX-2.3")]
    except SPDXParsingError as error:
        problems += error.get_messages()
    return problems


def purls(file):
    from packageurl import PackageURL

    with open(file, encoding="utf-8") as text:
        given = text.read().split()
    problems = [f"{purl} is written {PackageURL.from_string(purl)}" for purl in given if PackageURL.from_string(purl).to_string() != purl]
    if not problems:
        print(json.dumps([PackageURL.from_string(purl).to_dict() for purl in given]))
    return problems


def cases(file=None):
    """The purls of deb that the specification has cases for."""
    from packageurl import PackageURL

    known = {"pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie"}
    if file:
        with open(file, encoding="utf-8") as text:
            tests = json.load(text)["tests"]
        known |= {test["expected_output"] for test in tests if test["test_type"] in ("build", "roundtrip")}
    print(json.dumps([{"purl": purl, "parts": PackageURL.from_string(purl).to_dict()} for purl in sorted(known)]))
    return []


if __name__ == "__main__":
    found = {"cdx": cdx, "spdx": spdx, "purls": purls, "cases": cases}[sys.argv[1]](*sys.argv[2:])
    if found:
        sys.exit("\n".join(str(problem)[:400] for problem in found[:10]))
