"""The script of the year, January to June: what happens on the hub, and what a refresh must say.

A failure ends in a revision of its own, with the hub as it was before: what a hub does not tell while it
fails, nobody can give back.
"""

from aki_sandbox.faults.effects import Cut, Reset, Status
from year.revision import (
    Revision,
    Told,
    adds,
    drops,
    fails,
    list_fails,
    moves,
    offers,
    recovers,
    renames,
    returns,
    reverses,
    says,
    sets,
    withdraws,
)
from year.start import composer

COMPOSER = frozenset({"composer"})

FIRST_HALF = (
    Revision(
        "january: a composer comes",
        (offers("composer", composer()),),
        (Told("composer", "", "endpoint added", "the hub has it now: 'Composer'"),),
        comes=COMPOSER,
    ),
    Revision(
        "january: texts are polished",
        (
            says("flux-dev", title="Flux [dev]", description="Paints pictures, and fast."),
            sets("flux-dev", "input", "prompt", description="What is to be seen."),
            sets("sdxl", "output", "seed", description="The seed that was used."),
        ),
        (
            Told("flux-dev", "", "title changed", "'Flux' → 'Flux [dev]'"),
            Told("flux-dev", "", "description changed", "→ 'Paints pictures, and fast.'"),
            Told(
                "flux-dev",
                "input prompt",
                "parameter description changed",
                "'' → 'What is to be seen.'",
            ),
            Told(
                "sdxl", "output seed", "field description changed", "'' → 'The seed that was used.'"
            ),
        ),
    ),
    Revision("january: the hub reorders everything", (reverses(),)),
    Revision(
        "february: flux narrows its steps",
        (sets("flux-dev", "input", "steps", maximum=30, default=20),),
        (
            Told("flux-dev", "input steps", "range narrowed", "1–50 → 1–30"),
            Told("flux-dev", "input steps", "default changed", "40 → 20"),
        ),
    ),
    Revision(
        "february: flux narrows its width, and converts what no longer fits",
        (sets("flux-dev", "input", "width", maximum=384, align=64),),
        (
            Told("flux-dev", "input width", "range narrowed, converted", "64–512 → 64–384"),
            Told("flux-dev", "input width", "step tightened, converted", "32 → multiples of 64"),
        ),
    ),
    Revision(
        "february: sdxl widens",
        (
            sets("sdxl", "input", "guidance", minimum=0, maximum=20),
            sets("sdxl", "input", "negative_prompt", max_length=1000),
            sets("sdxl", "input", "scheduler", supported=["euler", "ddim", "heun", "lcm"]),
        ),
        (
            Told("sdxl", "input guidance", "range widened", "1–10 → 0–20"),
            Told("sdxl", "input negative_prompt", "length loosened", "500 characters → 1,000"),
            Told("sdxl", "input scheduler", "choice added", "'lcm' too: 3 → 4 choices"),
        ),
    ),
    Revision(
        "march: three endpoints fail, each in its own way",
        (fails(flux_dev=Status(503, "html"), sdxl=Reset(), xttsv2=Cut()),),
        status=3,
        problems={
            "flux-dev": "its details could not be had: ",
            "sdxl": "its details could not be had: ",
            "xttsv2": "its details could not be had: ",
        },
    ),
    Revision("march: they are back", (recovers(),)),
    Revision(
        "march: the list itself fails",
        (list_fails(Status(502, "html")),),
        status=1,
        refused="the endpoint list could not be had",
    ),
    Revision("march: the list is back", (recovers(),)),
    Revision(
        "april: a voice falls silent, and texts get shorter",
        (
            sets("xttsv2", "input", "voice", supported=["emma", "daniel"]),
            sets("xttsv2", "input", "text", max_length=1000),
        ),
        (
            Told("xttsv2", "input voice", "choice removed", "'angie' no longer: 3 → 2 choices"),
            Told("xttsv2", "input text", "length tightened", "2,000 characters → 1,000"),
        ),
    ),
    Revision(
        "april: sdxl renames a parameter, and knows a seed",
        (
            renames("sdxl", "input", "negative_prompt", "negative"),
            adds("sdxl", "input", "seed", type="integer", minimum=0, default=0),
        ),
        (
            Told("sdxl", "input seed", "parameter added", "it is new: type integer, default 0"),
            Told(
                "sdxl",
                "input negative_prompt",
                "parameter renamed",
                "probably renamed: negative_prompt → negative",
            ),
        ),
    ),
    Revision(
        "april: the scale of upscale is to be given",
        (sets("upscale", "input", "scale", default=None),),
        (Told("upscale", "input scale", "became required", "optional → required"),),
    ),
    Revision(
        "may: xtts gets another name, and a speed",
        (
            moves("xttsv2", "xtts_v3"),
            adds("xtts_v3", "input", "speed", type="float", minimum=0.5, maximum=2.0, default=1.0),
        ),
        (
            Told("xttsv2", "", "endpoint renamed", "probably renamed: xttsv2 → xtts_v3"),
            Told("xtts_v3", "input speed", "parameter added", "it is new: type number"),
        ),
        comes=frozenset({"xtts_v3"}),
        goes=frozenset({"xttsv2"}),
        instead={"xttsv2": ("xtts_v3",)},
    ),
    Revision(
        "may: qwen goes",
        (withdraws("qwen_chat"),),
        (Told("qwen_chat", "", "endpoint removed", "the hub has it no longer"),),
        goes=frozenset({"qwen_chat"}),
        instead={"qwen_chat": ("llama3_chat",)},
    ),
    Revision(
        "june: the composer flaps away",
        (withdraws("composer"),),
        (Told("composer", "", "endpoint removed", "the hub has it no longer"),),
        goes=COMPOSER,
    ),
    Revision(
        "june: the composer flaps back",
        (returns("composer"),),
        (Told("composer", "", "endpoint added", "the hub has it now: 'Composer'"),),
        comes=COMPOSER,
    ),
    Revision(
        "june: an output is gone, another is new",
        (
            drops("llama3_chat", "output", "model_name"),
            adds("llama3_chat", "output", "cost", type="float"),
            adds("llama3_chat", "progress", "stage", type="string"),
        ),
        (
            Told("llama3_chat", "output model_name", "field removed", "the hub has it no longer"),
            Told("llama3_chat", "output cost", "field added", "it is new: type number"),
            Told("llama3_chat", "progress stage", "field added", "it is new: type text"),
        ),
    ),
)
