"""Names are public API: each rule by which they are made is pinned here."""

import keyword

import pytest
from aki_codegen.naming import MAX_NAME, class_names, identifiers, is_safe, package_name_fault
from aki_runtime.client.async_client import AsyncClient
from aki_runtime.client.sync_client import SyncClient
from aki_runtime.fields.base import InputModel, OutputModel, ProgressModel
from hypothesis import given
from hypothesis import strategies as st


def name_of(wire, role="param"):
    return str(identifiers([wire], role, {})[wire])


class TestOneName:
    """How a single name is made."""

    @pytest.mark.parametrize("wire", ["prompt", "topK", "llama3_8b_chat", "a__b", "X"])
    def test_an_ascii_identifier_stays_as_it_is(self, wire):
        assert name_of(wire) == wire

    @pytest.mark.parametrize(
        ("wire", "name"),
        [
            ("flux-dev", "flux_dev"),
            ("a - b", "a_b"),
            ("org/model:v2.1", "org_model_v2_1"),
            ("a→b", "a_b"),
            ("größe", "große".replace("ß", "_")),
            ("café crème", "cafe_creme"),
            ("ﬁlm", "film"),
        ],
    )
    def test_other_characters_become_one_underscore_and_accents_are_dropped(self, wire, name):
        assert name_of(wire) == name

    @pytest.mark.parametrize(
        ("wire", "name"), [("_a_", "a"), ("__class__", "class_"), ("-a-", "a")]
    )
    def test_leading_and_trailing_underscores_go(self, wire, name):
        assert name_of(wire) == name

    @pytest.mark.parametrize(
        ("role", "name"),
        [("endpoint", "endpoint_3d"), ("param", "param_3d"), ("field", "field_3d")],
    )
    def test_a_leading_digit_gets_the_role_before_it(self, role, name):
        assert name_of("3d", role) == name

    @pytest.mark.parametrize("wire", ["", "_", "日本", "🙂", "…", "\ud800"])
    def test_a_name_with_nothing_left_is_called_by_its_role(self, wire):
        assert name_of(wire) == "param"

    @pytest.mark.parametrize("wire", sorted({*keyword.kwlist, "self", "str", "Literal", "Any"}))
    def test_what_python_and_annotations_need_gets_an_underscore_in_every_role(self, wire):
        assert [name_of(wire, role) for role in ("endpoint", "param", "field")] == [f"{wire}_"] * 3

    def test_what_a_client_can_be_asked_is_reserved_for_endpoints_only(self):
        assert (name_of("close", "endpoint"), name_of("close", "param")) == ("close_", "close")

    def test_what_a_model_needs_is_reserved_for_fields_only(self):
        assert (name_of("copy", "field"), name_of("schema", "param")) == ("copy_", "schema_")
        assert name_of("schema", "endpoint") == "schema"

    def test_a_long_name_is_cut(self):
        assert name_of("a" * 500) == "a" * MAX_NAME

    @given(st.text(), st.sampled_from(["endpoint", "param", "field"]))
    def test_any_text_becomes_a_safe_identifier(self, wire, role):
        name = name_of(wire, role)
        assert name.isidentifier()
        assert name.isascii()
        assert is_safe(name, role)


class TestReservedLists:
    """The reserved names follow what the runtime's classes really have."""

    def test_names_that_are_promised_to_clients_stay_reserved(self):
        promised = (
            "call submit stream job with_options endpoints endpoint_details validate_key check preload sandbox "
            "openai batch close aclose api_key api_server celery ray protocols models jobs session"
        )
        for wire in promised.split():
            assert name_of(wire, "endpoint") == f"{wire}_"

    @pytest.mark.parametrize("client", [SyncClient, AsyncClient])
    def test_no_endpoint_hides_an_attribute_of_a_client_or_its_class(self, client):
        public = {name for name in {*dir(client), *dir(type(client))} if not name.startswith("_")}
        assert {name_of(name, "endpoint") for name in public} == {f"{name}_" for name in public}

    @pytest.mark.parametrize("model", [InputModel, OutputModel, ProgressModel])
    @pytest.mark.parametrize("role", ["param", "field"])
    def test_no_field_hides_an_attribute_of_a_model_or_its_class(self, model, role):
        public = {name for name in {*dir(model), *dir(type(model))} if not name.startswith("_")}
        assert {"register", "mro"} <= public
        assert {name_of(name, role) for name in public} == {f"{name}_" for name in public}

    def test_a_name_that_is_reserved_within_underscores_is_reserved(self):
        assert name_of("__mro__", "field") == "mro_"


class TestCollisions:
    """Names of one scope are different, capitals apart."""

    def test_equal_names_are_numbered_in_the_order_of_the_hubs_names(self):
        wires = ["a.b", "a b", "a-b"]
        assert identifiers(wires, "param", {}) == {"a b": "a_b", "a-b": "a_b_2", "a.b": "a_b_3"}

    def test_a_name_that_stays_as_it_is_comes_before_those_that_do_not(self):
        assert identifiers(["top k", "top_k"], "param", {}) == {
            "top_k": "top_k",
            "top k": "top_k_2",
        }

    def test_names_that_differ_in_capitals_alone_are_numbered(self):
        # Modules of such names would be one file on many systems.
        assert identifiers(["Flux", "flux"], "endpoint", {}) == {"Flux": "Flux", "flux": "flux_2"}

    def test_a_reserved_name_and_its_stand_in_are_numbered(self):
        assert identifiers(["class", "class-"], "param", {}) == {
            "class": "class_",
            "class-": "class_2",
        }

    @given(st.lists(st.text(max_size=6), unique=True, max_size=12))
    def test_all_names_of_a_scope_are_different(self, wires):
        names = identifiers(wires, "field", {}).values()
        assert len({name.casefold() for name in names}) == len(wires)

    @given(st.permutations(["a-b", "a b", "A_B", "class", "3", "é"]))
    def test_the_order_of_the_hubs_names_does_not_matter(self, wires):
        assert identifiers(wires, "param", {}) == identifiers(sorted(wires), "param", {})


class TestMemory:
    """A name once given stays."""

    def test_a_newcomer_never_takes_a_remembered_name(self):
        names = identifiers(["a b", "a-b"], "param", {"a-b": "a_b"})
        assert names == {"a-b": "a_b", "a b": "a_b_2"}

    def test_a_name_stays_taken_when_its_owner_is_gone(self):
        assert identifiers(["a b"], "param", {"a-b": "a_b"}) == {"a b": "a_b_2"}

    def test_a_name_stays_when_the_rules_would_give_another(self):
        assert identifiers(["flux-dev"], "param", {"flux-dev": "FLUX"}) == {"flux-dev": "FLUX"}

    @pytest.mark.parametrize("damaged", ["", "import os", "class", "a.b", "_private", "a" * 500])
    def test_a_remembered_name_that_is_unsafe_is_given_anew(self, damaged):
        assert identifiers(["x"], "param", {"x": damaged}) == {"x": "x"}

    def test_two_owners_of_one_remembered_name_do_not_share_it(self):
        # As after a merge of two branches that each met one of them.
        names = identifiers(["a b", "a-b"], "param", {"a b": "a_b", "a-b": "A_b"})
        assert names == {"a b": "a_b", "a-b": "a_b_2"}


class TestClassNames:
    """What the names of an endpoint's models begin with."""

    def names(self, *wires, remembered=None):
        return class_names(identifiers(wires, "endpoint", {}), remembered or {})

    @pytest.mark.parametrize(
        ("wire", "name"),
        [("flux-dev", "FluxDev"), ("llama3_8b_chat", "Llama38bChat"), ("3d", "Endpoint3d")],
    )
    def test_they_are_the_words_of_the_name_in_capitals(self, wire, name):
        assert self.names(wire) == {wire: name}

    def test_equal_ones_are_numbered(self):
        assert self.names("a_b", "aB") == {"aB": "AB", "a_b": "AB2"}

    def test_a_newcomer_never_takes_a_remembered_one(self):
        assert self.names("a_b", remembered={"aB": "AB"}) == {"a_b": "AB2"}

    def test_a_remembered_one_that_is_no_class_name_is_given_anew(self):
        assert self.names("flux", remembered={"flux": "os.system"}) == {"flux": "Flux"}

    @pytest.mark.parametrize("wire", ["image", "audio", "video", "json"])
    def test_models_never_shadow_the_types_of_the_runtime(self, wire):
        # `ImageInput` is what an image parameter takes.
        assert self.names(wire) == {wire: f"Endpoint{wire.capitalize()}"}

    def test_an_endpoint_is_never_called_as_the_async_form_of_another(self):
        # To type checkers `AsyncFluxEndpoint` is what the endpoint flux is to an async client.
        assert self.names("flux", "async_flux") == {
            "flux": "Flux",
            "async_flux": "EndpointAsyncFlux",
        }


def test_an_endpoint_is_never_called_as_the_class_of_another():
    assert identifiers(["FluxEndpoint"], "endpoint", {}) == {"FluxEndpoint": "FluxEndpoint_"}


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        *(
            (name, "is not a name for a Python package")
            for name in ("", "3d", "a.b", "a-b", "_x", "é")
        ),
        ("class", "is a keyword of Python"),
        ("json", "is the name of a package that the client needs or Python brings"),
        ("httpcore", "is the name of a package that the client needs or Python brings"),
        ("aki_cli", "is the name of a package that the client needs or Python brings"),
        ("Con", "is a device on Windows"),
        ("my_hub", None),
        ("match", None),
    ],
)
def test_a_package_is_called_by_a_free_public_identifier_only(name, fault):
    assert package_name_fault(name) == fault
