"""How a run stands, in words; and that nothing of a hub becomes HTML."""

import pytest
from aki_client import AkiError, AnyOutput, Prices, Queued, Running
from aki_client.models import FluxDevProgress
from aki_playground.running import Cancelled, Failed, Finished
from aki_playground.status import facts_html, heading_html, note_html, state_html, status_html

EVIL = '</div><script>alert(1)</script><img src=x onerror="alert(2)">\'"&'


@pytest.mark.parametrize(
    "made",
    [
        status_html(EVIL),
        note_html(EVIL, EVIL),
        heading_html(EVIL, EVIL, EVIL, EVIL),
        facts_html({EVIL: EVIL}),
        state_html(Failed(AkiError(EVIL)), counts_tokens=False),
        state_html(
            Running(5.0, FluxDevProgress.read({"progress_message": EVIL})), counts_tokens=False
        ),
    ],
)
def test_texts_of_a_hub_are_shown_as_text(made):
    assert "<script" not in made
    assert "<img" not in made
    assert "&lt;script&gt;" in made


def test_a_waiting_job_tells_its_place_and_the_time_left():
    html = state_html(Queued(position=3, estimate=12.4, workers=2), counts_tokens=False)
    assert "Queued, place 3, about 12 s left · 2 workers" in html


def test_a_picture_counts_percent_and_shows_a_bar():
    event = Running(40.0, FluxDevProgress.read({"progress_message": "step 4"}), estimate=2.4)
    html = state_html(event, counts_tokens=False)
    assert "Running, step 4, about 2 s left · 40 %" in html
    assert "width:40.0%" in html


def test_a_result_says_what_it_used_and_what_that_costs(tmp_path):
    file = tmp_path / "prices.toml"
    entry = '[[endpoint."*"]]\nvalid_from = 2026-01-01\nper_second_of_compute = 0.5'
    file.write_text(f'format = 1\ncurrency = "EUR"\n{entry}')
    fields = {"compute_duration": 0.25, "total_duration": 1.5, "num_generated_tokens": 1234}
    output = AnyOutput.read(fields, prices=Prices.load(file))
    html = state_html(Finished(output), counts_tokens=True)
    assert "1,234 tokens written · 1.5 s altogether · 0.2 s of computing · 0.125 EUR" in html


def test_a_text_counts_tokens_and_shows_no_bar():
    html = state_html(Running(1234.0, FluxDevProgress.read({})), counts_tokens=True)
    assert "1,234 tokens" in html
    assert "aki-bar" not in html


def test_odd_figures_of_a_hub_break_nothing():
    html = state_html(Running(1e300, FluxDevProgress.read({}), estimate=-1.0), counts_tokens=False)
    assert "width:100.0%" in html
    assert "left" not in html


def test_a_cancelled_run_says_that_the_hub_was_told():
    assert "The hub was asked to stop the job" in state_html(Cancelled(), counts_tokens=False)


def test_a_fault_without_a_text_is_shown_and_nothing_for_neither():
    assert "aki-fault" in note_html("", "This is required.")
    assert note_html("") == ""
