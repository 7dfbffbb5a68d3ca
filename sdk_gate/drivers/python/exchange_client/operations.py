"""The operations of the exchange: the one table that grows with its document."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Operation:
    """Where an operation is, and whether it needs credentials."""

    method: str
    path: str
    is_private: bool = True


OPERATIONS = {
    "getQuotationsHome": Operation("GET", "/market/data/quotations/home", is_private=False),
    "getCoinTicker": Operation("GET", "/market/data/quotations/coin", is_private=False),
    "getSparklines": Operation("GET", "/market/data/quotations/sparklines", is_private=False),
    "getConvertPrice": Operation("GET", "/market/convert/price", is_private=False),
    "placeSpotOrder": Operation("POST", "/tx/spot/add"),
    "cancelSpotOrder": Operation("POST", "/tx/spot/cancel"),
    "listSymbolThumbs": Operation("GET", "/tx/spot/symbol-thumb-v2", is_private=False),
    "listSpotOrders": Operation("GET", "/tx/spot/list"),
    "openFuturesPosition": Operation("POST", "/tx/uorder/open"),
    "closeFuturesPosition": Operation("POST", "/tx/uorder/close"),
    "listFuturesOrders": Operation("GET", "/tx/uorder/list"),
    "getSpotWallets": Operation("GET", "/uc/asset/spot-wallets"),
    "getFuturesWallets": Operation("GET", "/uc/asset/futures-wallets"),
    "getUserInfo": Operation("POST", "/uc/user-info"),
    "countReferrals": Operation("POST", "/uc/referral/count"),
    "login": Operation("POST", "/uc/v2/login", is_private=False),
    "listDeposits": Operation("GET", "/uc/asset/deposits"),
    "listWithdrawals": Operation("GET", "/uc/asset/withdrawals"),
    "createApiKey": Operation("POST", "/uc/api-key/create"),
    "listApiKeys": Operation("GET", "/uc/api-key/list"),
    "updateApiKey": Operation("POST", "/uc/api-key/update"),
    "deleteApiKey": Operation("POST", "/uc/api-key/delete"),
    "getApiKeyUsage": Operation("GET", "/uc/api-key/usage"),
}
