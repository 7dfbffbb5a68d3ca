#!/bin/bash
# What people write who know that a request may fail, and not that the exchange says when to come again.
ask() {
  for _ in 1 2 3 4 5; do
    curl -sf "$@" && return
  done
  return 1
}
ask "$EXCHANGE_REST_URL/market/data/quotations/coin?coin=btc" > /dev/null
TOKEN=$(ask -X POST "$EXCHANGE_REST_URL/uc/v2/login" \
  -d "$EXCHANGE_LOGIN_PARAMETER=$EXCHANGE_LOGIN&password=$EXCHANGE_PASSWORD" \
  | sed 's/.*"Authorization": *"\([^"]*\)".*/\1/')
ask "$EXCHANGE_REST_URL/market/data/quotations/home" > /dev/null
ask -H "Authorization: $TOKEN" "$EXCHANGE_REST_URL/uc/asset/spot-wallets" > /dev/null
ask -X POST "$EXCHANGE_REST_URL/tx/spot/add" -H "Authorization: $TOKEN" \
  -d "symbol=BTC/USDT&direction=0&type=0&price=74000&amount=0.001" > /dev/null
echo done
