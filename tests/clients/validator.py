"""iiif-validator: the official validator of the Image API, at all levels, in versions 2 and 3."""

import contextlib
import io
import random
import sys
import traceback
import types
import urllib.parse

# Both serve checks that are left out below or are of version 1, and one needs a library of the system.
for name in ("magic", "lxml", "lxml.etree"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["lxml"].etree = sys.modules["lxml.etree"]

# It prints while it is imported.
with contextlib.redirect_stdout(io.StringIO()):
    from iiif_validator.tests.size_noup import Test_No_Size_Up
    from iiif_validator.tests.size_up import Test_Size_Up
    from iiif_validator.validator import ImageAPI, TestSuite, ValidationInfo

from PIL import Image

from validation_image import BASE, IDENTIFIER, judge, register

# Most checks draw squares, sizes, angles or characters: so many rounds draw other ones, the same in every run.
ROUNDS = 2

# The services, each with the version as the validator calls it; it has one name for both of 2.0 and 2.1.
SERVICES = [("iiif-img", "3.0"), ("iiif-img/v2", "2.0")]

EXCEPTED = {
    # They call a function of Python 2, and fail with every server; webp is checked by iiif-validator-ng and our own
    # tests, jp2 and pdf are not offered.
    "format_webp",
    "format_jp2",
    "format_pdf",
}

# Sizes that are left out, and what is checked of the others: `!w,h` does not ask for upscaling, so that 3.0 has an
# answer for it whatever w and h are, and `^max` is as large as the limits that the description has, which is not the
# size of the image.
EXCEPTED_SIZES = {Test_No_Size_Up: "!2000,3000", Test_Size_Up: "^max"}


def leave_out(test, size):
    """A check of several sizes goes over one of them."""
    check = test.checkSize
    test.checkSize = lambda self, result, *about: None if size in about else check(self, result, *about)


def picture():
    """The validator's picture by its own table of colours: ten by ten squares of 100 pixels each."""
    drawn = Image.new("RGB", (1000, 1000))
    for x, column in enumerate(ValidationInfo().colorInfo):
        for y, colour in enumerate(column):
            drawn.paste(colour, (x * 100, y * 100, x * 100 + 100, y * 100 + 100))
    content = io.BytesIO()
    drawn.save(content, "PNG")
    return content.getvalue()


def failure(test, prefix, version):
    """What is wrong by one check; nothing if it passes."""
    server = urllib.parse.urlsplit(BASE).netloc
    result = ImageAPI(IDENTIFIER, server, prefix, "http", "", version, debug=False)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            TestSuite(ValidationInfo()).run_test(test, result)
    except Exception:
        return f"{traceback.format_exc()}{result.urls}"
    return f"{result.exception} at {result.urls}" if result.exception else None


for test, size in EXCEPTED_SIZES.items():
    leave_out(test, size)
below = register(picture())
checked, failures = 0, []
for service, version in SERVICES:
    tests = TestSuite(ValidationInfo()).list_tests(version)
    for test in sorted(set(tests) - EXCEPTED):
        for number in range(ROUNDS):
            random.seed(number)
            checked += 1
            if words := failure(test, f"{service}/{below}", version):
                failures.append(f"/{service}: {test} (level {tests[test]['level']}, round {number}): {words}")
                break
judge(checked, failures)
