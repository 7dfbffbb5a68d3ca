"""A driver as it was written for protocol 1.0, frozen: whatever the gate becomes within 1.x, this has to work.

It has no feature: public operations alone, by the standard library. Never change it to make a test pass.
"""

import json
import sys
import urllib.error
import urllib.parse
import urllib.request

OPERATIONS = {
    "getQuotationsHome": "/market/data/quotations/home",
    "getCoinTicker": "/market/data/quotations/coin",
    "getSparklines": "/market/data/quotations/sparklines",
    "getConvertPrice": "/market/convert/price",
}


def answer(step, config):
    if step["do"] == "hello":
        sdk = {"name": "frozen", "version": "1.0.0", "language": "Python"}
        return {"protocol": "1.0", "sdk": sdk, "features": []}
    if step["do"] == "open":
        config.update(step["config"])
    if step["do"] == "call":
        return call(step, config)
    return None


def call(step, config):
    if step["operation"] not in OPERATIONS:
        raise Refused("unsupported", "there is no such operation here")
    query = urllib.parse.urlencode({k: v for k, v in step["params"].items() if v is not None})
    path = OPERATIONS[step["operation"]] + ("?" + query if query else "")
    try:
        timeout_s = config["timing"]["timeoutMs"] / 1000
        with urllib.request.urlopen(config["rest"] + path, timeout=timeout_s) as response:
            body = json.loads(response.read(), parse_float=str)
    except urllib.error.HTTPError as error:
        kind = "server" if error.code >= 500 else "rejected"
        raise Refused(kind, error.reason, status=error.code)
    except TimeoutError:
        raise Refused("timeout", "no answer in time")
    except OSError as error:
        kind = "timeout" if isinstance(error.reason, TimeoutError) else "transport"
        raise Refused(kind, str(error))
    return body["data"] if isinstance(body, dict) and "code" in body else body


class Refused(Exception):
    def __init__(self, kind, message, **more):
        super().__init__(message)
        self.error = {"kind": kind, "message": message, **more}


def main():
    config = {}
    for line in sys.stdin:
        step = json.loads(line)
        try:
            said = {"id": step["id"], "ok": True, "result": answer(step, config)}
        except Refused as refused:
            said = {"id": step["id"], "ok": False, "error": refused.error}
        print(json.dumps(said), flush=True)
        if step["do"] == "bye":
            return


main()
