"""What is cited is what is installed."""

import yaml
from shipped import ROOT

import kerasgen


def test_the_version_that_is_cited_is_the_packages():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert cited["version"] == kerasgen.__version__
    assert cited["license"] in (ROOT / "setup.cfg").read_text("utf-8")
    assert f"## {cited['version']}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
