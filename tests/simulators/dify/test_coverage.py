"""The coverage table against the routes: nothing is claimed that is not there, nothing there is unlisted."""

import re

from simulators.dify.coverage import COVERAGE
from simulators.dify.routes import ROUTES

ROUTED = {route.name for route in ROUTES}


def test_the_table_and_the_routes_agree():
    assert set(COVERAGE) == ROUTED


async def test_claimed_endpoints_are_served_in_the_release_that_has_them(dify, old, caller):
    for simulator in (old, dify):
        client = (await caller(simulator)).client
        for route in ROUTES:
            path = re.sub(r"\{\w+\}", "x", route.path)
            response = await client.request(route.method, path)  # no key: 401 shows that the route is there
            missing = response.headers["content-type"].startswith("text/html")
            assert missing != route.exists_in(simulator.dialect.release), route.name


def test_the_table_has_every_app_endpoint_of_the_contract():
    assert len(COVERAGE) == 37
