"""The values that encodings go wrong with. A table: what each is about, and how it is known to go wrong.

The encodings that are right are not written here: `encoding` works them out.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Value:
    """A text that a caller gives. `wrong` are encodings that do not arrive as it."""

    id: str
    text: str
    about: str
    wrong: tuple[str, ...] = ()


PUNCTUATION = (
    Value(
        "slash",
        "BTC/USDT",
        "A market has a slash in it; encoded twice it arrives as %2F.",
        ("BTC%252FUSDT",),
    ),
    Value("plus", "a+b", "A plus that is sent as it is arrives as a blank.", ("a+b",)),
    Value(
        "ampersand", "a&b", "An ampersand that is sent as it is ends the value.", ("a&b", "a%2526b")
    ),
    Value("equals", "a=b", "An equals sign within a value; as it is it can be read too."),
    Value("percent", "100%", "A percent sign at the end.", ("100%2525",)),
    Value("percent-within", "50%off", "A percent sign before letters that are no hex digits."),
    Value(
        "percent-escape-literal",
        "%2F",
        "A text that looks encoded already is text, not an escape.",
        ("%2F",),
    ),
    Value("percent-escape-twice", "%252F", "A text that looks encoded twice.", ("%252F",)),
    Value("tilde", "a~b", "A tilde is unreserved."),
    Value("asterisk", "a*b", "Some libraries leave an asterisk, some do not."),
    Value("unreserved", "AZ-az_09.~", "What needs no encoding."),
    Value("quotes", 'say "hi"', "Double quotes and a blank.", ("say+%5C%22hi%5C%22",)),
    Value("apostrophe", "it's", "An apostrophe."),
    Value("parentheses", "(a)", "Parentheses, which JavaScript's own function leaves."),
    Value("exclamation", "go!", "An exclamation mark, left by JavaScript too."),
    Value("comma", "read,trade", "Scopes are a list with commas."),
    Value("colon", "2001:db8::1", "An IPv6 address."),
    Value("at-sign", "alice@example.com", "The address of a login."),
    Value(
        "plus-in-address",
        "alice+sdk@example.com",
        "An address with a plus in it, with which logins fail for no visible reason.",
        ("alice+sdk@example.com",),
    ),
    Value("question-mark", "a?b", "A question mark after the first one."),
    Value("hash", "a#b", "A hash that is sent as it is ends the address: it has to be encoded."),
    Value("semicolon", "a;b", "A semicolon, at which some servers split."),
    Value("backslash", "a\\b", "A backslash."),
    Value("brackets", "a[0]", "Square brackets."),
    Value("other-ascii", "$^`{|}<>", "The rest of ASCII's punctuation."),
    Value("json", '{"a":[1,2]}', "JSON within a value."),
    Value("base64", "QUJD+/==", "Base64 has plus, slash and equals signs.", ("QUJD+/==",)),
)

BLANKS = (
    Value(
        "blank",
        "a b",
        "A blank is + in a form; %20 is as right, and signed as it is sent.",
        ("a%2Bb", "a%2520b"),
    ),
    Value("blanks-around", " a ", "Blanks before and after belong to the value.", ("a",)),
    Value("plus-and-blank", "a+b c", "Both in one value.", ("a+b+c", "a%2Bb%2Bc")),
    Value(
        "newline",
        "a\nb",
        "A line feed stays one; a form of a web page would make two characters of it.",
        ("a%0D%0Ab", "ab", "a%5Cnb"),
    ),
    Value("tab", "a\tb", "A tab is no blank.", ("a+b",)),
    Value("empty", "", "Nothing at all is a value too: the name is sent with nothing after the =."),
)

SCRIPTS = (
    Value(
        "e-acute",
        "\xe9",
        "Two bytes of UTF-8, not one of Latin-1, and not UTF-8 of UTF-8.",
        ("%E9", "%C3%83%C2%A9"),
    ),
    Value(
        "e-acute-decomposed", "e\u0301", "A letter and an accent stay two characters.", ("%C3%A9",)
    ),
    Value("han", "\u6f22", "Three bytes of UTF-8.", ("%u6F22", "%3F")),
    Value(
        "emoji",
        "\U0001f680",
        "Four bytes of UTF-8, not three for each half of a surrogate pair.",
        ("%ED%A0%BD%ED%BA%80",),
    ),
    Value("emoji-joined", "\U0001f469\u200d\U0001f680", "Two emoji and the joiner between them."),
    Value("cyrillic", "\u043c\u0438\u0440", "Another alphabet."),
    Value(
        "arabic",
        "\u0633\u0644\u0627\u0645",
        "A script from right to left, in the order of its letters.",
    ),
    Value("euro", "\u20ac", "A sign that Windows-1252 has at another place.", ("%80",)),
    Value("no-break-space", "a\xa0b", "A blank that is not the blank.", ("a+b",)),
    Value("everything", "BTC/USDT +&=%~*\xe9\u6f22\U0001f680", "All of it at once."),
)

# Words that a language may take for something else.
WORDS = (
    Value("zero", "0", "A zero is a value."),
    Value("the-word-false", "false", "A word that is text here."),
    Value("the-word-null", "null", "The word null, which is not the same as nothing.", ("",)),
)

VALUES = (*PUNCTUATION, *BLANKS, *SCRIPTS, *WORDS)
