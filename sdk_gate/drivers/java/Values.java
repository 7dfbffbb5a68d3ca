import com.google.gson.*;
import exchange.*;
import java.net.URI;
import java.util.*;

/** Values between the lines of the protocol and the client. */
final class Values {
    private static final Gson GSON = new Gson();
    private static final Gson SNAKE_CASE =
            new GsonBuilder().setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES).create();

    private Values() {}

    static String text(JsonObject from, String name) {
        return from.get(name).getAsString();
    }

    /** How a client is to be set up. */
    static Config config(JsonObject json) {
        JsonObject signing = SNAKE_CASE.toJsonTree(Recipe.DOCUMENTED).getAsJsonObject();
        if (json.has("signing")) {
            json.getAsJsonObject("signing").entrySet().forEach(each -> signing.add(each.getKey(), each.getValue()));
        }
        return new Config(
                URI.create(text(json, "rest")), URI.create(text(json, "stream")),
                GSON.fromJson(json.get("login"), Config.Login.class), GSON.fromJson(json.get("key"), Config.Key.class),
                SNAKE_CASE.fromJson(signing, Recipe.class), GSON.fromJson(json.get("timing"), Config.Timing.class));
    }

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
