"""For tests of your own: jobs recorded once and replayed, without a hub, a key or a wait."""

from .cassette import CassetteWarning as CassetteWarning
from .cassette import cassette as cassette
from .files import CassetteError as CassetteError
