package exchange

import "context"

// SpotOrder is an order to place. A market order has no Price.
type SpotOrder struct {
	Symbol, Direction, Type string // such as "BTC/USDT", Buy, Limit
	Price, Amount           Decimal
}

// PlaceSpotOrder gives the id of the new order. An order is sent once: after an error that leaves open whether it
// happened, the operation listSpotOrders tells.
func (c *Client) PlaceSpotOrder(ctx context.Context, order SpotOrder) (orderID string, err error) {
	params := Params{
		"symbol": order.Symbol, "direction": order.Direction, "type": order.Type, "amount": order.Amount,
	}
	if order.Price != "" {
		params["price"] = order.Price
	}
	err = c.Call(ctx, "placeSpotOrder", params, &orderID)
	return orderID, err
}

// SpotWallet is what an account holds of one coin.
type SpotWallet struct {
	Coin                   struct{ Unit, Name string }
	Balance, FrozenBalance Decimal
}

// SpotWallets lists the account's wallets.
func (c *Client) SpotWallets(ctx context.Context) (wallets []SpotWallet, err error) {
	err = c.Call(ctx, "getSpotWallets", nil, &wallets)
	return wallets, err
}
