"""How examples are drawn where each takes long: the same ones every time, and none sought that is shorter."""

from hypothesis import HealthCheck, Phase, settings


def drawn(examples: int) -> settings:
    """Return the settings for so many examples."""
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
