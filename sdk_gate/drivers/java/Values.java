import com.google.gson.*;
import java.util.*;

/** Values between the lines of the protocol and the client. */
final class Values {
    private Values() {}

    /** A JSON object as a user of the client would write it in Java. */
    static Map<String, Object> parameters(JsonElement json) {
        Map<String, Object> parameters = new LinkedHashMap<>();
        if (json.isJsonObject()) {
            json.getAsJsonObject().entrySet().forEach(each -> parameters.put(each.getKey(), value(each.getValue())));
        }
        return parameters;
    }

    private static Object value(JsonElement json) {
        if (!(json instanceof JsonPrimitive primitive)) {
            return json.isJsonNull() ? null : json.toString();
        }
        if (primitive.isBoolean()) {
            return primitive.getAsBoolean();
        }
        return primitive.isNumber() ? primitive.getAsBigDecimal() : primitive.getAsString();
    }

    /** JSON with its decimals as text, as the protocol wants them; integers stay numbers. */
    static JsonElement plain(JsonElement json) {
        if (json.isJsonArray()) {
            JsonArray copy = new JsonArray();
            json.getAsJsonArray().forEach(each -> copy.add(plain(each)));
            return copy;
        }
        if (json.isJsonObject()) {
            JsonObject copy = new JsonObject();
            json.getAsJsonObject().entrySet().forEach(each -> copy.add(each.getKey(), plain(each.getValue())));
            return copy;
        }
        boolean isDecimal = json instanceof JsonPrimitive primitive && primitive.isNumber()
                && !primitive.getAsString().matches("-?[0-9]+");
        return isDecimal ? new JsonPrimitive(json.getAsBigDecimal().toPlainString()) : json;
    }
}
