import { Unsupported } from "./errors.mjs";

const get = (path, isPrivate = true) => ({ method: "GET", path, isPrivate });
const post = (path, isPrivate = true) => ({ method: "POST", path, isPrivate });
const PUBLIC = false;

const OPERATIONS = new Map(
  Object.entries({
    getQuotationsHome: get("/market/data/quotations/home", PUBLIC),
    getCoinTicker: get("/market/data/quotations/coin", PUBLIC),
    getSparklines: get("/market/data/quotations/sparklines", PUBLIC),
    getConvertPrice: get("/market/convert/price", PUBLIC),
    placeSpotOrder: post("/tx/spot/add"),
    cancelSpotOrder: post("/tx/spot/cancel"),
    listSymbolThumbs: get("/tx/spot/symbol-thumb-v2"),
    listSpotOrders: get("/tx/spot/list"),
    openFuturesPosition: post("/tx/uorder/open"),
    closeFuturesPosition: post("/tx/uorder/close"),
    listFuturesOrders: get("/tx/uorder/list"),
    getSpotWallets: get("/uc/asset/spot-wallets"),
    getFuturesWallets: get("/uc/asset/futures-wallets"),
    getUserInfo: post("/uc/user-info"),
    countReferrals: post("/uc/referral/count"),
    login: post("/uc/v2/login", PUBLIC),
    listDeposits: get("/uc/asset/deposits"),
    listWithdrawals: get("/uc/asset/withdrawals"),
    createApiKey: post("/uc/api-key/create"),
    listApiKeys: get("/uc/api-key/list"),
    updateApiKey: post("/uc/api-key/update"),
    deleteApiKey: post("/uc/api-key/delete"),
    getApiKeyUsage: get("/uc/api-key/usage"),
  }),
);

/** The operation of a name: `method`, `path`, and whether it needs credentials. */
export function operationNamed(name) {
  const operation = OPERATIONS.get(name);
  if (!operation) throw new Unsupported(`there is no operation ${name}`);
  return operation;
}
