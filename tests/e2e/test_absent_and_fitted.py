"""None is as good as absent, but a misspelt name is not; `fit` says what the hub would make of a value."""

import pytest
from aki_client import Aki, InvalidParametersError
from support.recorder import Recorder


def test_a_misspelt_parameter_of_none_is_refused_with_the_name_that_is_meant(aki, hub):
    before = hub.hub.jobs_submitted
    for value in (None, 512):
        with pytest.raises(InvalidParametersError, match=r"did you mean '?width"):
            aki.flux_dev(prompt="a lake", widht=value)
    assert hub.hub.jobs_submitted == before


def test_a_name_that_is_the_hub_s_alone_is_refused_with_none_as_well(aki):
    for name in ("key", "wait_for_result", "model_config"):
        with pytest.raises(InvalidParametersError):
            aki.flux_dev(**{"prompt": "a lake", name: None})


@pytest.mark.parametrize(
    ("value", "made"),
    [("1000", 992), (True, 128), ("5", 128), (False, 128), ("99999", 2048), (" 640 ", 640)],
    ids=repr,
)
def test_fit_reads_a_value_as_the_hub_reads_it(value, made):
    assert Aki("test-key").flux_dev.parameters["width"].fit(1000) == 992
    fitted = Aki("test-key").flux_dev.parameters["width"].fit(value)
    assert (type(fitted), fitted) == (type(made), made)


def test_what_fit_makes_of_text_is_sent_as_a_number():
    hub = Recorder()
    with hub.client() as http, Aki("test-key", http_client=http) as aki:
        width = aki.flux_dev.parameters["width"].fit("1000")
        aki.flux_dev(prompt="a lake", width=width, height=None, seed=None)
    assert hub.submits == [{"prompt": "a lake", "width": 992}]
