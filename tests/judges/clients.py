"""Clients in four languages, generated from openapi.yaml as it stands and compiled; none of it is ours."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from conformance.spec.contract import SPECS
from conformance.spec.documents import follow, read
from tests.judges import tools

CODE_ONLY = "apiTests=false,modelTests=false,apiDocs=false,modelDocs=false"
GO_MODULE = """module exchange

go 1.21

require gopkg.in/validator.v2 v2.0.0

replace gopkg.in/validator.v2 => {validator}
"""
TS_OPTIONS = "--noEmit --strict --target es2022 --module es2022 --moduleResolution bundler"
DECODE = """
import json
import exchange_client as client
for name, text in json.load(open("answers.json")):
    model = getattr(client, name).from_json(text)
    model = getattr(model, "actual_instance", model)
    assert type(model).__name__.endswith(("Envelope", "Acknowledgement")), (name, model)
    assert json.loads(model.to_json()) == json.loads(text), name
"""


def go_client(logs: Path) -> int:
    """1 when the Go client compiles and `go vet` has nothing to say."""
    log = logs / "client-go.log"
    go = tools.python("go", log)
    code = _generate("go", log, "--additional-properties=packageName=exchange,withGoMod=false")
    # A choice between answers makes the generator import one small package; Debian has it.
    validator = tools.debian(log) / "share" / "gocode" / "src" / "gopkg.in" / "validator.v2"
    (validator / "go.mod").write_text("module gopkg.in/validator.v2\n", encoding="utf-8")
    (code / "go.mod").write_text(GO_MODULE.format(validator=validator), encoding="utf-8")
    local = {"GOPROXY": "off", "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
    env = {**local, "GOCACHE": str(tools.TOOLS / "go-cache"), "GOPATH": str(tools.TOOLS / "go")}
    built = all(tools.run([go, verb, "./..."], log, code, env) == 0 for verb in ("build", "vet"))
    return int(built)


def java_client(logs: Path) -> int:
    """1 when the Java client compiles; Jackson comes out of the generator's own archive."""
    log = logs / "client-java.log"
    javac = tools.need("javac")
    options = "openApiNullable=false,annotationLibrary=none,documentationProvider=none"
    # Lists become classes of their own: the generator writes no Java for a choice with a bare list.
    lists = ("--library=native", "--generate-alias-as-model")
    code = _generate("java", log, f"--additional-properties={options}", *lists)
    archives = [*(tools.debian(log) / "share" / "java").glob("*.jar"), _generator_archive(log)]
    sources = sorted((code / "src" / "main").rglob("*.java"))
    path = ":".join(str(each) for each in archives)
    words: list[str | Path] = [
        javac,
        "-nowarn",
        "-d",
        code / "classes",
        "-classpath",
        path,
        *sources,
    ]
    return int(bool(sources) and tools.run(words, log) == 0)


def typescript_client(logs: Path) -> int:
    """1 when the TypeScript client has no type error in strict mode."""
    log = logs / "client-typescript.log"
    compiler = tools.node("tsc", log)
    code = _generate("typescript-fetch", log)
    words: list[str | Path] = [
        compiler,
        *TS_OPTIONS.split(),
        "--lib",
        "es2022,dom",
        code / "index.ts",
    ]
    return int(tools.run(words, log) == 0)


def python_client(logs: Path) -> int:
    """How many documented answers the Python client decodes, and writes again as they were."""
    log = logs / "client-python.log"
    code = generated_python(log)
    interpreter = tools.environment(code / "environment", [code], log)
    answers, script = answer_examples(), code / "decode.py"
    script.write_text(DECODE, encoding="utf-8")
    (code / "answers.json").write_text(json.dumps(answers), encoding="utf-8")
    decoded = tools.run([interpreter, script], log, code) == 0
    shutil.rmtree(code / "environment")
    return len(answers) if decoded else 0


def generated_python(log: Path) -> Path:
    """The sources of the Python client, the package `exchange_client`."""
    return _generate("python", log, "--additional-properties=packageName=exchange_client")


def answer_examples() -> list[tuple[str, str]]:
    """The model and the example of every operation's answer."""
    document = read(SPECS / "openapi.yaml")
    found = []
    for item in document["paths"].values():
        for operation in item.values():
            media = follow(document, operation["responses"]["200"])["content"]["application/json"]
            schema = media["schema"]
            name = schema.get("title") or schema["$ref"].rpartition("/")[2]
            found.append((name, json.dumps(media["example"])))
    return found


def _generate(language: str, log: Path, *options: str) -> Path:
    tools.need("java")
    generator = tools.python("openapi-generator-cli", log)
    code = log.parent / "clients" / language  # the run's own: two runs at once do not meet
    shutil.rmtree(code, ignore_errors=True)
    what: list[str | Path] = ["generate", "-i", SPECS / "openapi.yaml", "-g", language, "-o", code]
    tools.must([generator, *what, f"--global-property={CODE_ONLY}", *options], log)
    return code


def _generator_archive(log: Path) -> Path:
    folder = tools.python("python", log).parents[1]
    return next(folder.rglob("openapi-generator.jar"))
