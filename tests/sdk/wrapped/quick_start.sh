#!/bin/bash
# The exchange's quick start as its page has it, in a loop: what many people call their SDK.
set -e
curl -s "$EXCHANGE_REST_URL/market/data/quotations/coin?coin=btc" > /dev/null
TOKEN=$(curl -s -X POST "$EXCHANGE_REST_URL/uc/v2/login" \
  -d "$EXCHANGE_LOGIN_PARAMETER=$EXCHANGE_LOGIN&password=$EXCHANGE_PASSWORD" \
  | sed 's/.*"Authorization": *"\([^"]*\)".*/\1/')
for _ in 1 2 3; do
  curl -s -X POST "$EXCHANGE_REST_URL/tx/spot/add" -H "Authorization: $TOKEN" \
    -d "symbol=BTC/USDT&direction=0&type=0&price=74000&amount=0.001" > /dev/null
  curl -s -H "Authorization: $TOKEN" "$EXCHANGE_REST_URL/uc/asset/spot-wallets" > /dev/null
done
echo done
