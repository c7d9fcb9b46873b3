"""The forty requirements, the tests that prove them, and the page that says so.

`python -m tests.requirements` (`make requirements`) runs those tests and writes
docs/requirements.md; with `--check` it only tells whether the page names the tests there are.
"""
