package exchange;

/** A request as it is signed and sent; query and body are encoded already. */
public record Request(String method, String path, String query, String body) {

    String target() {
        return query.isEmpty() ? path : path + "?" + query;
    }
}
