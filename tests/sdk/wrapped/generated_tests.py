"""Tests of a client that openapi-generator made, as its user would write them: `python generated_tests.py`.

The package `exchange_client` is generated from specs/openapi.yaml; nobody here wrote it.
"""

import os
import sys

import exchange_client
from exchange_client.api.account_api import AccountApi
from exchange_client.api.futures_api import FuturesApi
from exchange_client.api.market_data_api import MarketDataApi
from exchange_client.api.spot_api import SpotApi

configuration = exchange_client.Configuration(host=os.environ["EXCHANGE_REST_URL"])


def log_in(client):
    answer = AccountApi(client).login(
        email=os.environ["EXCHANGE_LOGIN"], password=os.environ["EXCHANGE_PASSWORD"]
    )
    configuration.api_key["jwt"] = answer.data.authorization


def test_market_data(client):
    market = MarketDataApi(client)
    market.get_quotations_home()
    market.get_coin_ticker("btc")
    market.get_sparklines()
    market.get_convert_price("BTC", "USDT")


def test_spot(client):
    spot = SpotApi(client)
    order = spot.place_spot_order(
        symbol="BTC/USDT", direction=0, type=0, price="50000", amount="0.001"
    )
    assert spot.list_spot_orders(symbol="BTC/USDT").data.content[0].order_id == order.data
    spot.cancel_spot_order(order_id=order.data)
    spot.list_symbol_thumbs()


def test_account(client):
    account = AccountApi(client)
    account.get_spot_wallets()
    account.get_futures_wallets()
    account.get_user_info()
    account.count_referrals()


def test_futures(client):
    FuturesApi(client).list_futures_orders()


failed = 0
with exchange_client.ApiClient(configuration) as client:
    for test in (log_in, test_market_data, test_spot, test_account, test_futures):
        try:
            test(client)
            print(test.__name__, "ok")
        except Exception as error:  # as a test runner does: the others are run all the same
            failed += 1
            print(test.__name__, "failed:", type(error).__name__)
sys.exit(1 if failed else 0)
