package exchange;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** How requests are signed: the headers, the parts of the signed text, and how that is keyed. */
public record Recipe(
        String keyHeader, String timestampHeader, String windowHeader, String signatureHeader,
        List<String> parts, String algorithm, String encoding) {

    /** As the exchange's documents say. */
    public static final Recipe DOCUMENTED = new Recipe(
            "X-FT-APIKEY", "X-FT-TIMESTAMP", "X-FT-RECV-WINDOW", "X-FT-SIGN",
            List.of("timestamp", "recvWindow", "METHOD", "path", "?query", "body"), "sha256", "hex");

    /** The text that is signed, out of the very characters that are sent. */
    public String canonical(Request request, String key, String timestamp, String window) {
        Map<String, String> available = Map.of(
                "timestamp", timestamp,
                "recvWindow", window,
                "key", key,
                "METHOD", request.method(),
                "path", request.path(),
                "query", request.query(),
                "?query", request.query().isEmpty() ? "" : "?" + request.query(),
                "body", request.body());
        return parts.stream().map(available::get).collect(Collectors.joining());
    }

    /** The keyed digest of a canonical text. */
    public String signature(String secret, String canonical) {
        String name = "Hmac" + algorithm.toUpperCase(Locale.ROOT);
        try {
            Mac mac = Mac.getInstance(name);
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), name));
            byte[] digest = mac.doFinal(canonical.getBytes(StandardCharsets.UTF_8));
            return encoding.equals("base64")
                    ? Base64.getEncoder().encodeToString(digest) : HexFormat.of().formatHex(digest);
        } catch (GeneralSecurityException unknown) {
            throw new ApiException(ApiException.Kind.INVALID, "this Java does not know " + name);
        }
    }
}
