"""Every format of a model, and the page of the presets: what one format lacks the others keep."""

import pathlib
import re

import keras
import pytest
from tiny import tiny_autoregressive

if keras.backend.backend() != "tensorflow":
    pytest.skip("export needs the TensorFlow backend", allow_module_level=True)

from kerasgen import export, zoo
from kerasgen.export import tflite_files
from kerasgen.export.verification import BOUNDS

QUANTIZED = ["float16", "dynamic", "int8"]


@pytest.mark.slow
def test_signatures_that_fail_in_one_format_leave_the_others_in_it(tmp_path, monkeypatch):
    model = tiny_autoregressive()
    for mode in QUANTIZED:
        monkeypatch.setitem(BOUNDS, mode, BOUNDS[mode]._replace(drawn=-1))
    reports = {report.quantize: report for report in export.every_format(model, tmp_path / "new")}
    scored, drawn = {"log_prob", "log_prob_by_pixel"}, {"sample", "complete"}
    assert reports["saved_model"].errors.keys() == scored | drawn
    assert reports[None].errors.keys() == scored | drawn
    assert {mode: set(reports[mode].errors) for mode in QUANTIZED} == dict.fromkeys(
        QUANTIZED, scored
    )
    text = export.contract({"tiny": reports.values()}, tmp_path / "README.md").read_text()
    rows = {line.split("`")[1]: line for line in text.splitlines() if line.startswith("| `")}
    assert re.fullmatch(r"[^|]*([^-|]+\|){3}( [^|]+ ms \|){2}( - \|){3}", rows["sample"][1:])
    assert re.fullmatch(r"[^|]*([^-|]+\|){3}( [^|]+ ms \|){5}", rows["log_prob"][1:])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("crashes_over", "left"), [("sample", {"log_prob", "log_prob_by_pixel"}), ("log_prob", None)]
)
def test_where_the_converter_ends_autoregressive_signatures_are_left_out(
    tmp_path, monkeypatch, crashes_over, left
):
    convert = tflite_files.convert

    def crash(source, path, names, quantize, *calibration):
        if quantize == "int8" and crashes_over in names:
            raise RuntimeError("exit status -11")
        convert(source, path, names, quantize, *calibration)

    monkeypatch.setattr(tflite_files, "convert", crash)
    reports = {
        report.quantize: report
        for report in export.every_format(tiny_autoregressive(), tmp_path / "new")
    }
    assert reports["dynamic"].errors.keys() >= {"log_prob"}
    assert (set(reports["int8"].errors) if "int8" in reports else None) == left


def test_the_page_of_the_presets_is_of_all_of_them(tmp_path):
    text = (pathlib.Path(__file__).parents[1] / "export" / "README.md").read_text(encoding="utf-8")
    page = tmp_path / "README.md"
    page.write_text(text, encoding="utf-8")
    assert export.contract({}, page).read_text(encoding="utf-8") == text  # written by today's code
    assert re.findall("^## (.+)$", text, re.MULTILINE) == ["Tensors", *zoo.names()]
