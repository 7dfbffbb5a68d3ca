"""A client of the exchange: REST by the standard library, streams by `websockets`."""

from exchange_client.client import Client
from exchange_client.errors import ExchangeError
from exchange_client.settings import ApiKey, Login, Recipe, Timing

__all__ = ["ApiKey", "Client", "ExchangeError", "Login", "Recipe", "Timing", "__version__"]
__version__ = "1.0.0"
