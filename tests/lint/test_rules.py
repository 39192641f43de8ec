"""What is found is said in the words of the package itself, rule by rule."""

from dataclasses import replace

import pytest
from aki_client import Aki, InvalidParametersError
from aki_codegen.generation.generate import generate
from support.metadata import details, snapshot_of

from .conftest import Project, fixed

REFUSED = {
    "out of range": ("AKI101", "flux_dev(prompt='x', steps=51)", "50"),
    "below a minimum": ("AKI101", "flux_dev(prompt='x', seed=-2)", "-1"),
    "off step": ("AKI102", "z_image_turbo(prompt='x', width=1000)", "992"),
    "too long": ("AKI103", "xttsv2(text='x' * 5001)", None),
    "wrong choice": (
        "AKI104",
        "flux_dev(prompt='x', provide_progress_images='Decoded')",
        "'decoded'",
    ),
    "wrong type": ("AKI105", "flux_dev(prompt='x', steps='many')", None),
    "wrong role": ("AKI106", "qwen_vl_chat(chat_context=[{'role': 'tool', 'content': 'x'}])", None),
    "wrong part": (
        "AKI106",
        "llama3_chat(chat_context=[{'role': 'user', 'content': [{'image': 'data:image/png;base64,iVBORw0KGgo='}]}])",
        None,
    ),
    "no conversation": ("AKI106", "llama3_chat(chat_context='Hello')", None),
    "an address": ("AKI107", "image_upscale(image='https://x/y.png')", None),
    "unknown name": ("AKI201", "flux_dev(prompt='x', widht=512)", "width"),
    "missing": ("AKI202", "flux_dev(width=512)", None),
    "exclusive": (
        "AKI203",
        "qwen_vl_chat(text_context='x', chat_context=[{'role': 'user', 'content': 'x'}])",
        None,
    ),
}


@pytest.mark.parametrize("rule", REFUSED)
def test_the_sentence_is_the_packages_own(project: Project, rule: str) -> None:
    code, call, fix = REFUSED[rule]
    with pytest.raises(InvalidParametersError) as refused:
        eval(f"aki.{call}", {"aki": Aki(api_key="k", api_server="http://127.0.0.1:9")})  # noqa: S307
    text = f"from aki_client import Aki\naki = Aki()\naki.{call}\n"
    found = project.findings(text)
    assert [f["message"] for f in found] == [str(problem) for problem in refused.value.problems]
    assert [f["code"] for f in found] == [code]
    assert [f["text"] for f in found[0]["fixes"][:1]] == ([fix] if fix else [])
    if fix:
        assert project.findings(fixed(text, found[0])) == []


def test_a_value_without_a_name_is_refused_in_the_words_of_the_call(project: Project) -> None:
    text = "from aki_client import endpoints\nendpoints.flux_dev('a robot', steps=9)\n"
    with pytest.raises(TypeError) as refused:
        Aki(api_key="k").flux_dev("a robot", steps=9)  # type: ignore[call-arg,misc] # pyright: ignore
    (found,) = project.findings(text)
    assert (found["code"], found["message"]) == ("AKI204", str(refused.value))
    assert "flux_dev(prompt='a robot', steps=9)" in fixed(text, found)
    assert project.findings(fixed(text, found)) == []


def test_a_conversation_within_a_dict_is_judged(project: Project) -> None:
    found = project.findings(
        "from aki_client import endpoints\n"
        "params = {'chat_context': [{'role': 'tool', 'content': 'x'}], 'temperature': 0.5}\n"
        "endpoints.llama3_chat(**params)\n"
    )
    assert [(f["code"], f["startLine"]) for f in found] == [("AKI106", 2)]


def test_all_problems_of_a_call_are_found(project: Project) -> None:
    found = project.findings(
        "from aki_client import endpoints\nendpoints.flux_dev(promt='x', steps=0, num_samples=9)\n"
    )
    assert [f["code"] for f in found] == ["AKI202", "AKI201", "AKI101", "AKI101"]


@pytest.mark.parametrize(
    "code",
    [
        "endpoints.flux_dev(prompt='x', widht=512)",
        "endpoints.flux_dev(**{'prompt': 'x', 'widht': 512})",
        "endpoints.flux_dev(**dict(prompt='x', widht=512))",
        "params: models.FluxDevParams = {'prompt': 'x'}; params['widht'] = 512",
    ],
)
def test_a_wrong_name_is_put_right_where_it_is_written(project: Project, code: str) -> None:
    text = f"from aki_client import endpoints, models\n{code}\n"
    (found,) = project.findings(text)
    assert found["message"] == "unknown parameter 'widht'; did you mean 'width'?"
    assert fixed(text, found) == text.replace("widht", "width")


def test_what_the_hub_converts_is_a_warning(project: Project) -> None:
    text = "from aki_client import endpoints\nendpoints.flux_dev(prompt='x', width=3000)\n"
    (found,) = project.findings(text)
    assert (found["code"], found["level"]) == ("AKI302", "warning")
    assert found["message"] == "width=3000: the hub will make it 2048 (128–2048 in multiples of 32)"
    assert project.findings(fixed(text, found)) == []


def test_a_removed_endpoint_is_named_where_it_is_called(bare: Project) -> None:
    days = {"old": "2026-01-31", "lost": "2026-02-01"}
    state = {"removed": days, "alternatives": {"old": ["new", "newer"], "lost": 3}}
    bare.add_package("hub_client", {"old": {}, "lost": {}}, state=state)
    text = "from hub_client import endpoints\nendpoints.old()\nendpoints.lost()\n"
    assert [(f["code"], f["startLine"], f["message"]) for f in bare.findings(text)] == [
        (
            *("AKI301", 2),
            "the hub has removed the endpoint old (found on 2026-01-31); new, newer can stand in for it",
        ),
        ("AKI301", 3, "the hub has removed the endpoint lost (found on 2026-02-01)"),
    ]


def test_a_generated_package_says_what_stands_in_for_what_is_removed(bare: Project) -> None:
    painter = details({"prompt": {"required": True}}, {"images": {"type": "image_list"}})
    snapshot = snapshot_of({"old": painter, "new": painter})
    removed = {"old": "2026-01-31"}
    generate(replace(snapshot, removed=removed), bare.folder / "made", "hub_client")
    (found,) = bare.findings("from hub_client import endpoints\nendpoints.old(prompt='x')\n")
    assert "endpoint old (found on 2026-01-31); new can stand in for it" in found["message"]


def test_what_the_user_has_settled_is_judged_as_settled(bare: Project) -> None:
    settled = {"endpoints": {"paint": {"input": {"size": {"type": "integer"}}}}}
    inputs = {"size": {"type": "tensor", "maximum": 9}}
    bare.add_package("hub_client", {"paint": inputs}, overrides=settled)
    (found,) = bare.findings("from hub_client import endpoints\nendpoints.paint(size=10)\n")
    assert found["message"] == "size=10 must be at most 9 (nearest allowed: 9)"


def test_each_of_two_packages_is_judged_by_its_own_snapshot(bare: Project) -> None:
    for name, limit in (("one", 5), ("two", 7)):
        bare.add_package(name, {"paint": {"size": {"type": "integer", "maximum": limit}}})
    found = bare.findings(
        "import one.endpoints\nfrom two.endpoints import paint\n"
        "one.endpoints.paint(size=6)\npaint(size=6)\npaint(size=8)\n"
    )
    assert [(f["startLine"], f["message"].partition(" (")[0]) for f in found] == [
        (3, "size=6 must be at most 5"),
        (5, "size=8 must be at most 7"),
    ]
