"""The OpenAPI document is one by the rules of OpenAPI 3.1, has the calls of docs/api.md, and is true of real answers.

The rules and the JSON Schema that replies are held against are checked by the few functions below, not by the code
that made the document.
"""
from __future__ import annotations

import re
import unittest
from typing import Any, Iterator

from client import request
from harness import SOURCE, FunctionalTest, ask

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
TYPES: dict[str, tuple[type, ...]] = {"object": (dict,), "array": (list,), "string": (str,), "boolean": (bool,),
                                      "integer": (int,), "number": (int, float), "null": (type(None),)}


def nodes(value: Any) -> Iterator[Any]:
    yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(child)


def resolve(document: dict[str, Any], reference: str) -> Any:
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def problems_of(document: dict[str, Any]) -> list[str]:
    """What is wrong with the document by the rules of OpenAPI 3.1."""
    found = []
    if not re.fullmatch(r"3\.1\.\d+", document["openapi"]) or not {"title", "version"} <= set(document["info"]):
        found.append("head")
    for node in nodes(document):
        if isinstance(node, dict) and isinstance(node.get("$ref"), str):
            try:
                resolve(document, node["$ref"])
            except (KeyError, TypeError):
                found.append(f"{node['$ref']} leads nowhere")
    for name, schema in document["components"]["schemas"].items():
        found += [f"{name}: {problem}" for problem in schema_problems(schema)]
    ids: set[str] = set()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            where = f"{method} {path}"
            found += [f"{where}: {problem}" for problem in operation_problems(path, method, operation)]
            if operation["operationId"] in ids:
                found.append(f"{where}: the id is taken")
            ids.add(operation["operationId"])
    return found


def schema_problems(schema: Any) -> list[str]:
    found = []
    for node in nodes(schema):
        if not isinstance(node, dict):
            continue
        if isinstance(node.get("type"), str) and node["type"] not in TYPES:
            found.append(f"no such type: {node['type']}")
        if isinstance(node.get("pattern"), str):
            re.compile(node["pattern"])
        if isinstance(node.get("required"), list) and not set(node["required"]) <= set(node.get("properties", {})):
            found.append("requires what it has not")
    return found


def operation_problems(path: str, method: str, operation: dict[str, Any]) -> list[str]:
    found = []
    if method not in METHODS or not path.startswith("/"):
        found.append("no such method or path")
    declared = [p["name"] for p in operation.get("parameters", []) if p["in"] == "path"]
    if sorted(declared) != sorted(re.findall(r"{(\w+)}", path)):
        found.append("the parameters are not those of the path")
    names = [(p["in"], p["name"]) for p in operation.get("parameters", [])]
    if len(set(names)) != len(names):
        found.append("a parameter twice")
    if any(p["in"] == "path" and p.get("required") is not True for p in operation.get("parameters", [])):
        found.append("a path parameter is always required")
    if not operation["responses"] or not all("description" in r or "$ref" in r for r in operation["responses"].values()):
        found.append("a response without a description")
    return found


def mismatch(document: dict[str, Any], schema: dict[str, Any], value: Any, where: str = "") -> str | None:
    """The first place where `value` is not what the schema says."""
    if "$ref" in schema:
        return mismatch(document, resolve(document, schema["$ref"]), value, where)
    if "anyOf" in schema:
        reasons = [mismatch(document, one, value, where) for one in schema["anyOf"]]
        return None if None in reasons else reasons[0]
    kinds = TYPES[schema["type"]]
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        return f"{where}: {value!r} is no {schema['type']}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{where}: {value!r} is none of {schema['enum']}"
    if isinstance(value, str):
        long = not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
        if long or ("pattern" in schema and not re.search(schema["pattern"], value)):
            return f"{where}: {value!r} is not of the form"
    elif isinstance(value, (int, float)) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        return f"{where}: {value!r} is out of bounds"
    elif isinstance(value, list):
        return next((m for i, item in enumerate(value) if (m := mismatch(document, schema["items"], item, f"{where}[{i}]"))), None)
    elif isinstance(value, dict):
        return object_mismatch(document, schema, value, where)
    return None


def object_mismatch(document: dict[str, Any], schema: dict[str, Any], value: dict[str, Any], where: str) -> str | None:
    missing = set(schema.get("required", [])) - set(value)
    if missing:
        return f"{where}: without {sorted(missing)}"
    properties, more = schema.get("properties", {}), schema.get("additionalProperties", True)
    for name, item in value.items():
        rule = properties.get(name, more)
        if rule is False:
            return f"{where}.{name}: not in the schema"
        if isinstance(rule, dict) and (found := mismatch(document, rule, item, f"{where}.{name}")):
            return found
    return None


def documented() -> set[tuple[str, str]]:
    """The calls in the first column of the table of docs/api.md."""
    calls: set[tuple[str, str]] = set()
    for line in (SOURCE / "docs/api.md").read_text(encoding="utf-8").splitlines():
        if not line.startswith("| `"):
            continue
        methods: list[str] = []
        path = ""
        for text in re.findall(r"`([^`]+)`", line.split("|")[1]):
            if text.startswith("…"):
                path = path.rsplit("/", 1)[0] + text[1:]
            else:
                word, _, rest = text.partition(" ")
                methods.append(word)
                path = rest
            if path:
                calls |= {(method.lower(), path) for method in methods}
    return calls


class OpenApi(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.daemon = self.new_daemon()
        reply = request(self.daemon.port, "GET", "/openapi.json")
        self.assertEqual(reply.status, 200)
        self.assertIn("application/json", reply.headers["content-type"])
        self.document = reply.json

    def test_it_is_a_valid_document(self) -> None:
        self.assertEqual(problems_of(self.document), [])

    def test_it_has_the_calls_of_the_page_and_no_others(self) -> None:
        told = {(method, path) for path, item in self.document["paths"].items() for method in item}
        self.assertEqual(told - {("get", "/openapi.json")}, documented())

    def promised(self, method: str, path: str, body: Any = None, route: str | None = None, status: int = 200) -> Any:
        """A call whose answer has to be what the document promises."""
        reply = request(self.daemon.socket, method, path, body)
        self.assertEqual(reply.status, status, reply.body)
        promise = self.document["paths"][route or path.partition("?")[0]][method.lower()]["responses"][str(status)]
        if "content" not in promise:
            self.assertEqual(reply.body, b"")
            return None
        schema = promise["content"]["application/json"]["schema"]
        self.assertIsNone(mismatch(self.document, schema, reply.json), reply.body)
        return reply.json

    def test_answers_are_what_it_promises(self) -> None:
        upstream = self.new_upstream()
        self.promised("POST", "/api/v1/channels", {"name": "main", "type": "openai", "base_url": upstream.base_url,
                                                   "keys": ["sk-upstream-0001"], "models": ["m1"]}, status=201)
        self.promised("PUT", "/api/v1/prices/m1", {"input": "2.5", "output": "10"}, "/api/v1/prices/{model}")
        key = self.promised("POST", "/api/v1/tokens", {"name": "t", "budget": "1.00"}, status=201)["key"]
        request_id = self.daemon.post(key, ask()).request_id
        self.daemon.call(request_id)
        for path in ("whoami", "tokens", "channels", "models", "providers", "prices", "accounts", "usage", "usage/report",
                     "ledger/entries", "system/status", "channels/explain?model=m1"):
            self.promised("GET", "/api/v1/" + path)
        self.promised("GET", f"/api/v1/calls/{request_id}", route="/api/v1/calls/{request_id}")
        self.promised("POST", "/api/v1/channels/main/test", {}, "/api/v1/channels/{id}/test")
        self.promised("POST", "/api/v1/accounts/admin/topup", {"amount": "5"}, "/api/v1/accounts/{id}/topup")
        self.promised("POST", "/api/v1/ledger/verify")
        self.promised("PUT", "/api/v1/system/log-level", {"level": "debug"})
        self.promised("DELETE", "/api/v1/tokens/t", route="/api/v1/tokens/{id}", status=204)

    def test_errors_are_what_it_promises(self) -> None:
        schema = self.document["components"]["responses"]["Error"]["content"]["application/json"]["schema"]
        for method, path, body, status in (("GET", "/api/v1/tokens/none", None, 404), ("PUT", "/api/v1/tokens", {}, 405),
                                           ("POST", "/api/v1/tokens", {"nmae": "x"}, 400), ("GET", "/api/v1/none", None, 404),
                                           ("POST", "/api/v1/tokens", b"{", 400),
                                           ("POST", "/api/v1/tokens", b" " * (1 << 20) + b"{}", 413)):
            reply = request(self.daemon.socket, method, path, body)
            self.assertEqual(reply.status, status, reply.body)
            self.assertIsNone(mismatch(self.document, schema, reply.json), reply.body)
            self.assertEqual(reply.json["error"]["request_id"], reply.request_id)

    def test_over_tcp_it_asks_for_a_credential(self) -> None:
        admin = self.daemon.add_token("boss", role="admin")
        relay = self.daemon.add_token("other")
        statuses = [request(self.daemon.port, "GET", "/api/v1/tokens", headers={"Authorization": f"Bearer {key}"}).status
                    for key in (admin, relay, "sk-wrong")]
        self.assertEqual(statuses, [200, 403, 401])
        self.assertEqual(request(self.daemon.port, "GET", "/api/v1/tokens").status, 401)
        self.assertEqual(request(self.daemon.port, "GET", "/api/v1/whoami", headers={"Authorization": f"Bearer {relay}"}).json["role"], "relay")


if __name__ == "__main__":
    unittest.main()
