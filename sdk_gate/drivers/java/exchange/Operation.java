package exchange;

import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** An operation of the exchange's document. */
record Operation(String id, String method, String path, boolean isPublic) {
    private static final Map<String, Operation> ALL = """
            getQuotationsHome     GET   /market/data/quotations/home        public
            getCoinTicker         GET   /market/data/quotations/coin        public
            getSparklines         GET   /market/data/quotations/sparklines  public
            getConvertPrice       GET   /market/convert/price               public
            placeSpotOrder        POST  /tx/spot/add                        private
            cancelSpotOrder       POST  /tx/spot/cancel                     private
            listSymbolThumbs      GET   /tx/spot/symbol-thumb-v2            public
            listSpotOrders        GET   /tx/spot/list                       private
            openFuturesPosition   POST  /tx/uorder/open                     private
            closeFuturesPosition  POST  /tx/uorder/close                    private
            listFuturesOrders     GET   /tx/uorder/list                     private
            getSpotWallets        GET   /uc/asset/spot-wallets              private
            getFuturesWallets     GET   /uc/asset/futures-wallets           private
            getUserInfo           POST  /uc/user-info                       private
            countReferrals        POST  /uc/referral/count                  private
            login                 POST  /uc/v2/login                        public
            listDeposits          GET   /uc/asset/deposits                  private
            listWithdrawals       GET   /uc/asset/withdrawals               private
            createApiKey          POST  /uc/api-key/create                  private
            listApiKeys           GET   /uc/api-key/list                    private
            updateApiKey          POST  /uc/api-key/update                  private
            deleteApiKey          POST  /uc/api-key/delete                  private
            getApiKeyUsage        GET   /uc/api-key/usage                   private
            """.lines().map(Operation::read).collect(Collectors.toMap(Operation::id, Function.identity()));

    private static Operation read(String row) {
        String[] cells = row.split(" +");
        return new Operation(cells[0], cells[1], cells[2], cells[3].equals("public"));
    }

    static Operation named(String id) {
        Operation operation = ALL.get(id);
        if (operation == null) {
            throw new ApiException(ApiException.Kind.UNSUPPORTED, "there is no operation " + id);
        }
        return operation;
    }

    boolean isRead() {
        return method.equals("GET");
    }

    /** The request that asks for it: parameters go into the query of a read, into the form of a write. */
    Request with(Map<String, ?> parameters) {
        String encoded = Parameters.encode(parameters);
        return isRead() ? new Request(method, path, encoded, "") : new Request(method, path, "", encoded);
    }
}
