package exchange;

import java.math.BigDecimal;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Writes parameters as a query or a form. */
public final class Parameters {
    private static final Map<String, Map<String, String>> NUMBERS_OF_WORDS = Map.of(
            "direction", Map.of("BUY", "0", "SELL", "1"),
            "type", Map.of("LIMIT", "0", "MARKET", "1"));
    private static final Set<String> DECIMALS = Set.of("price", "amount", "entrustPrice");

    private Parameters() {}

    /** {@code name=value&...}, percent-encoded; what is null is left out. */
    public static String encode(Map<String, ?> parameters) {
        return parameters.entrySet().stream()
                .filter(each -> each.getValue() != null)
                .map(each -> percent(each.getKey()) + "=" + percent(text(each.getKey(), each.getValue())))
                .collect(Collectors.joining("&"));
    }

    private static String text(String name, Object value) {
        if (value instanceof Double || value instanceof Float) {
            throw invalid(name, "is binary: give a BigDecimal or text");
        }
        if (value instanceof BigDecimal decimal) {
            return decimal.toPlainString();
        }
        String text = value.toString();
        if (value instanceof Number || value instanceof Boolean || text.isEmpty()) {
            return text;
        }
        if (DECIMALS.contains(name)) {
            return decimal(name, text).toPlainString();
        }
        return NUMBERS_OF_WORDS.containsKey(name) ? number(name, text) : text;
    }

    private static BigDecimal decimal(String name, String text) {
        try {
            return new BigDecimal(text);
        } catch (NumberFormatException notDecimal) {
            throw invalid(name, "is no decimal");
        }
    }

    private static String number(String name, String word) {
        String number = NUMBERS_OF_WORDS.get(name).get(word);
        if (number == null) {
            throw invalid(name, "has to be one of " + NUMBERS_OF_WORDS.get(name).keySet());
        }
        return number;
    }

    private static ApiException invalid(String name, String what) {
        return new ApiException(ApiException.Kind.INVALID, "the parameter " + name + " " + what);
    }

    private static String percent(String text) {
        // URLEncoder writes forms as browsers do; this is RFC 3986, which queries and forms are both read by.
        return URLEncoder.encode(text, StandardCharsets.UTF_8)
                .replace("+", "%20").replace("*", "%2A").replace("%7E", "~");
    }
}
