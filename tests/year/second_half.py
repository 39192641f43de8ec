"""The script of the year, July to December: what happens on the hub, and what a refresh must say."""

from aki_sandbox.faults.effects import Compressed, LoginPage
from year.first_half import FIRST_HALF
from year.revision import (
    Revision,
    Told,
    adds,
    drops,
    fails,
    hides,
    lists_oddly,
    offers,
    recovers,
    returns,
    says,
    sets,
    withdraws,
)
from year.start import namesake, translator

MOST = ("flux-dev", "sdxl", "llama3_chat", "upscale")
OTHERS = ("xtts_v3", "composer", "Flux_Dev")

SECOND_HALF = (
    Revision(
        "july: the key sees less than before",
        (hides("sdxl"),),
        status=3,
        problems={"sdxl": "the key may have fewer rights than the one before"},
    ),
    Revision(
        "july: it sees all again, and a namesake of flux comes",
        (recovers(), offers("Flux_Dev", namesake())),
        (Told("Flux_Dev", "", "endpoint added", "the hub has it now: 'Flux captions'"),),
        comes=frozenset({"Flux_Dev"}),
    ),
    Revision(
        "august: types change",
        (
            sets("flux-dev", "input", "steps", type="float"),
            sets("composer", "input", "tempo", type="string", default="120"),
        ),
        (
            Told("flux-dev", "input steps", "type widened", "integer → number"),
            Told("composer", "input tempo", "type changed", "integer → text"),
            Told("composer", "input tempo", "default changed", "120 → '120'"),
        ),
    ),
    Revision(
        "august: the list is empty",
        (hides(*MOST, *OTHERS),),
        status=1,
        refused="lists no endpoints",
    ),
    Revision(
        "september: more than half is gone",
        (recovers(), withdraws(*MOST)),
        tuple(Told(name, "", "endpoint removed", "the hub has it no longer") for name in MOST),
        status=1,
        refused="would remove 4 of 7 endpoints",
    ),
    Revision("september: all are there again", (returns(*MOST),)),
    Revision(
        "september: upscale is missing from a list that is not sound",
        (withdraws("upscale"), lists_oddly(7, None)),
        status=3,
        problems={"upscale": "the list itself is not sound", "7": "not usable text"},
    ),
    Revision("october: upscale is back", (recovers(), returns("upscale"))),
    Revision(
        "october: a newcomer is described in nonsense",
        (offers("translator", translator()), fails(translator=LoginPage(), composer=Compressed())),
        status=3,
        problems={
            "translator": "an HTML page came instead of JSON",
            "composer": "the answer is compressed",
        },
    ),
    Revision(
        "november: it is withdrawn, and upscale goes for good",
        (recovers(), withdraws("translator", "upscale")),
        (Told("upscale", "", "endpoint removed", "the hub has it no longer"),),
        goes=frozenset({"upscale"}),
    ),
    Revision(
        "november: it comes again, and can be understood",
        (returns("translator"),),
        (Told("translator", "", "endpoint added", "the hub has it now: 'Translator'"),),
        comes=frozenset({"translator"}),
    ),
    Revision(
        "december: everything at once",
        (
            withdraws("Flux_Dev"),
            says("flux-dev", version=4, category="art"),
            sets("flux-dev", "input", "width", auto_convert=None),
            sets("flux-dev", "input", "previews", default="decoded"),
            adds("flux-dev", "input", "licence", type="selection", supported=["a", "b"]),
            drops("flux-dev", "output", "seed"),
            sets("sdxl", "output", "images", format="PNG"),
            sets("sdxl", "input", "guidance", default=None),
            sets("xtts_v3", "input", "voice", supported=["emma", "daniel", "zoe"]),
            sets("translator", "input", "to", default="de"),
        ),
        (
            Told("Flux_Dev", "", "endpoint removed", "the hub has it no longer"),
            Told("flux-dev", "", "version raised", "0 → 4"),
            Told("flux-dev", "", "category changed", "'image' → 'art'"),
            Told("flux-dev", "input width", "conversion lost", "converted → refused"),
            Told("flux-dev", "input previews", "default changed", "'none' → 'decoded'"),
            Told("flux-dev", "input licence", "required parameter added", "required"),
            Told("flux-dev", "output seed", "field removed", "the hub has it no longer"),
            Told("sdxl", "output images", "encoding changed", "'RGB', 'jpeg' → 'RGB', 'png'"),
            Told("sdxl", "input guidance", "default removed", "3.5 → none"),
            Told("xtts_v3", "input voice", "choice added", "'zoe' too: 2 → 3 choices"),
            Told("translator", "input to", "became optional", "required → optional"),
        ),
        goes=frozenset({"Flux_Dev"}),
    ),
)

YEAR = (*FIRST_HALF, *SECOND_HALF)
"""All thirty revisions."""
