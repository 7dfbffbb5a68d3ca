package exchange

import "net/http"

const (
	get  = http.MethodGet
	post = http.MethodPost

	public, private = false, true
)

type operation struct {
	method, path string
	isPrivate    bool
}

// All operations of the document, by their operationId.
var operations = map[string]operation{
	"getQuotationsHome":    {get, "/market/data/quotations/home", public},
	"getCoinTicker":        {get, "/market/data/quotations/coin", public},
	"getSparklines":        {get, "/market/data/quotations/sparklines", public},
	"getConvertPrice":      {get, "/market/convert/price", public},
	"placeSpotOrder":       {post, "/tx/spot/add", private},
	"cancelSpotOrder":      {post, "/tx/spot/cancel", private},
	"listSymbolThumbs":     {get, "/tx/spot/symbol-thumb-v2", public},
	"listSpotOrders":       {get, "/tx/spot/list", private},
	"openFuturesPosition":  {post, "/tx/uorder/open", private},
	"closeFuturesPosition": {post, "/tx/uorder/close", private},
	"listFuturesOrders":    {get, "/tx/uorder/list", private},
	"getSpotWallets":       {get, "/uc/asset/spot-wallets", private},
	"getFuturesWallets":    {get, "/uc/asset/futures-wallets", private},
	"getUserInfo":          {post, "/uc/user-info", private},
	"countReferrals":       {post, "/uc/referral/count", private},
	"login":                {post, "/uc/v2/login", public},
	"listDeposits":         {get, "/uc/asset/deposits", private},
	"listWithdrawals":      {get, "/uc/asset/withdrawals", private},
	"createApiKey":         {post, "/uc/api-key/create", private},
	"listApiKeys":          {get, "/uc/api-key/list", private},
	"updateApiKey":         {post, "/uc/api-key/update", private},
	"deleteApiKey":         {post, "/uc/api-key/delete", private},
	"getApiKeyUsage":       {get, "/uc/api-key/usage", private},
}
