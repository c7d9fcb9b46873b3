"""The pages beside the API: complete, cached, locked down, and silent where they have no say."""

from __future__ import annotations

import asyncio
import json
import re

import httpx
import pytest
from starlette.responses import JSONResponse

from service.contract.pages import html, swagger
from service.contract.site import Site
from tests.contract.garden import GARDEN, change, garden

SWAGGER = pytest.mark.skipif(not swagger.assets(), reason="swagger-ui-bundle is not installed")


class Client:
    """Sends one request at a time to an application in this process."""

    def __init__(self, app):
        self._transport = httpx.ASGITransport(app)

    def request(self, method, path, **options):
        """Send a request and wait for its response."""

        async def send():
            async with httpx.AsyncClient(
                transport=self._transport, base_url="http://test"
            ) as client:
                return await client.request(method, path, **options)

        return asyncio.run(send())

    def get(self, path, **options):
        """Read a page."""
        return self.request("GET", path, **options)


async def service(scope, receive, send):
    """Answer as the engine does where it knows no path."""
    await JSONResponse({"code": "NOT_FOUND"}, 404)(scope, receive, send)


@pytest.fixture
def bundle():
    """The part of a compiled contract that the pages read."""
    document = garden()
    return {"document": document, "problems": document["x-problems"]}


@pytest.fixture
def site(bundle):
    """A client of the pages."""
    return Client(Site(service, bundle, GARDEN))


@pytest.fixture
def production(bundle, monkeypatch):
    """A client of an image that holds neither Swagger UI nor the contract's source."""
    monkeypatch.setattr(swagger, "PACKAGE", "a_package_that_is_not_there")
    return Client(Site(service, bundle, None))


def test_contract_is_served_as_it_is_written(site):
    """The file, byte for byte."""
    response = site.get("/openapi.yaml")

    assert response.text == GARDEN.read_text()
    assert response.headers["content-type"] == "application/yaml"


def test_contract_is_served_as_json(site):
    """The whole document, as tools want it."""
    response = site.get("/openapi.json")

    assert response.json() == garden()
    assert response.headers["content-type"] == "application/json"


def test_every_type_of_problem_leads_to_a_page(site, bundle):
    """Follow `type` and read what happened and what to do."""
    for code, problem in bundle["problems"].items():
        page = site.get(f"/problems/{code.lower().replace('_', '-')}")

        assert page.status_code == 200
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert code in page.text
        assert problem["title"] in page.text
        assert problem["description"] in page.text


def test_catalogue_links_every_problem(site, bundle):
    """The page of all problems leads to each, by links that work where it stands."""
    links = re.findall(r'href="(problems/[^"]+)"', site.get("/problems").text)

    assert len(links) == len(bundle["problems"])
    assert [link for link in links if site.get(f"/{link}").status_code != 200] == []


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "text/html; charset=utf-8"),
        ("*/*", "text/html; charset=utf-8"),
        ("text/html,application/xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8"),
        ("application/json", "application/json"),
        ("application/json;q=0.4, text/html;q=0.5", "text/html; charset=utf-8"),
        ("text/*;q=0.2, application/*", "application/json"),
        ("application/json;q=lots, text/html", "text/html; charset=utf-8"),
    ],
)
def test_catalogue_speaks_the_language_of_its_reader(site, accept, media_type):
    """HTML for people, JSON for programs (RFC 9110, 12.5.1)."""
    response = site.get("/problems", headers={"Accept": accept})

    assert response.headers["content-type"] == media_type
    assert response.headers["vary"] == "Accept"


def test_catalogue_as_json_tells_who_answers_it(site):
    """A program learns status, meaning and operations of a code."""
    problems = site.get("/problems", headers={"Accept": "application/json"}).json()["problems"]
    one = site.get("/problems/not-found", headers={"Accept": "application/json"}).json()

    assert one in problems
    assert one == {
        "type": "/problems/not-found",
        "code": "NOT_FOUND",
        "status": 404,
        "title": "Not found",
        "description": "Nothing is there for you.",
        "operations": ["getPlant"],
    }


@pytest.mark.parametrize("path", ["/", "/openapi.json", "/openapi.yaml", "/problems"])
def test_known_document_is_not_sent_again(site, path):
    """A client that has it learns so from the entity tag (RFC 9110, 13.1.2)."""
    first = site.get(path)
    tag = first.headers["etag"]

    again = site.get(path, headers={"If-None-Match": f'"other", W/{tag}'})
    changed = site.get(path, headers={"If-None-Match": '"other"'})

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag
    assert changed.status_code == 200
    assert first.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/", "/problems", "/problems/not-found", pytest.param("/docs", marks=SWAGGER)]
)
def test_pages_load_nothing_from_elsewhere(site, path):
    """A closed policy, and no address but our own in the page."""
    page = site.get(path)
    policy = page.headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert re.findall(r'(?:src|href)="(?:https?:)?//', page.text) == []


def test_style_of_the_pages_is_what_their_policy_allows(site):
    """The hash in the policy is that of the style sheet in the page."""
    page = site.get("/")

    assert f"<style>{html.STYLE}</style>" in page.text
    assert f"style-src 'sha256-{html.STYLE_HASH}'" in page.headers["content-security-policy"]


@SWAGGER
def test_interactive_documentation_is_served_whole(site):
    """The page, its script and each file that it names; none asks a foreign validator."""
    page = site.get("/docs").text
    files = re.findall(r'(?:src|href)="([^"]+)"', page)

    assert len(files) == 4
    assert [file for file in files if site.get(f"/{file}").status_code != 200] == []
    start = site.get("/docs/start.js").text
    assert "persistAuthorization: true" in start
    assert "validatorUrl: null" in start


def test_page_is_not_there_where_its_package_is_not(production):
    """A production image has no /docs, and its index says so instead of linking it."""
    index = production.get("/").text

    assert production.get("/docs").json() == {"code": "NOT_FOUND"}
    assert production.get("/openapi.yaml").json() == {"code": "NOT_FOUND"}
    assert "not part of this image" in index
    assert 'href="docs' not in index
    assert 'href="openapi.yaml' not in index


def test_index_lists_every_operation(site):
    """A reader sees what there is, and gets to everything by links that work."""
    index = site.get("/").text
    links = [link.partition("#")[0] for link in re.findall(r'href="([^"]+)"', index)]

    assert "<code>POST /v1/plants</code>" in index
    assert "<code>GET /v1/plants/{plantId}</code>" in index
    assert [link for link in links if site.get(f"/{link}").status_code != 200] == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/plants"),
        ("GET", "/problems/"),
        ("GET", "/problems/no-such"),
        ("GET", "/docs/../secret"),
        ("GET", "/docs/swagger-ui.js"),
        ("POST", "/problems"),
        ("DELETE", "/"),
    ],
)
def test_every_other_request_is_the_services(site, method, path):
    """What is no page gets the service's answer, a problem."""
    assert site.request(method, path).json() == {"code": "NOT_FOUND"}


def test_head_is_get_without_the_body(site):
    """A client learns the size and the tag alone."""
    head, get = site.request("HEAD", "/problems"), site.get("/problems")

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(get.content))


def test_markup_of_the_contract_is_text(bundle):
    """A title with markup shows as it is written."""
    change(bundle["document"], "/info/title", "<script>alert(1)</script>")
    change(bundle["problems"], "/NOT_FOUND/title", "<b>")
    site = Client(Site(service, bundle, None))

    for path in ("/", "/problems", "/problems/not-found", "/docs"):
        text = site.get(path).text
        assert "<script>alert" not in text
        assert "<b>" not in text


def test_api_requests_do_not_pay_for_the_pages(bundle):
    """No page is made before somebody asks for one."""
    site = Site(service, bundle, GARDEN)
    client = Client(site)

    client.get("/v1/plants")
    before = site._pages
    client.get("/")

    assert before is None
    assert "/problems" in json.dumps(list(site._pages))
