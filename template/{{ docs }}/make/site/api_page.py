"""The service's interface as a page, from the description that it writes itself."""

import json
from typing import Any

LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "minLength": "at least {} letters",
    "maxLength": "at most {} letters",
    "minItems": "at least {} rows",
    "maxItems": "at most {} rows",
    "enum": "one of {}",
    "const": "{}",
}


def page(described: dict[str, Any]) -> str:
    """Markdown: each way to ask, what it takes, what it answers."""
    info = described["info"]
    parts = [
        "# API\n",
        f"{info['title']}, version {info['version']}. {info.get('description', '')}\n",
        "The same for machines: [openapi.json](openapi.json).\n",
    ]
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            parts.append(_operation(f"{method.upper()} {path}", operation, described))
    return "\n".join(parts)


def _operation(name: str, operation: dict[str, Any], described: dict[str, Any]) -> str:
    said = operation.get("description") or operation.get("summary") or ""
    parts = [f"## {name}\n", f"{said}\n"]
    asked = _schema(operation.get("requestBody", {}), described)
    if asked:
        parts += ["**Takes**\n", _fields(asked, described)]
    parts += ["**Answers**\n", "| status | meaning |\n|---|---|"]
    for status, answer in operation["responses"].items():
        parts.append(f"| {status} | {_cell(answer.get('description', ''))} |")
    parts.append("")
    for status, answer in operation["responses"].items():
        given = _schema(answer, described)
        if status.startswith("2") and given.get("properties"):
            parts.append(_fields(given, described))
    return "\n".join(parts)


def _schema(holder: dict[str, Any], described: dict[str, Any]) -> dict[str, Any]:
    content = holder.get("content", {}).get("application/json", {})
    return _resolved(content.get("schema", {}), described)


def _resolved(schema: dict[str, Any], described: dict[str, Any]) -> dict[str, Any]:
    for _ in range(10):  # a name may lead to a name
        if "$ref" not in schema:
            break
        found: Any = described
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def _fields(schema: dict[str, Any], described: dict[str, Any]) -> str:
    if "properties" not in schema:
        return f"{_type(schema, described)}\n"
    must = schema.get("required", [])
    rows = ["| field | needed | what |", "|---|---|---|"]
    for name, field in schema["properties"].items():
        meaning = field.get("description") or _resolved(field, described).get("description", "")
        what = "; ".join(filter(None, [_type(field, described), _cell(meaning)]))
        rows.append(f"| `{name}` | {'yes' if name in must else 'no'} | {what} |")
    return "\n".join(rows) + "\n"


def _type(field: dict[str, Any], described: dict[str, Any]) -> str:
    field = _resolved(field, described)
    choices = field.get("anyOf") or field.get("oneOf")
    if choices:
        return " or ".join(_type(choice, described) for choice in choices)
    name = field.get("title", "object") if "properties" in field else field.get("type", "any")
    if name == "array":
        name = f"list of {_type(field.get('items', {}), described)}"
    limits = [said.format(_value(field[key])) for key, said in LIMITS.items() if key in field]
    return ", ".join([str(name), *limits])


def _value(limit: Any) -> str:
    if isinstance(limit, float):
        return f"{limit:g}"
    return _cell(json.dumps(limit, ensure_ascii=False).strip("[]"))


def _cell(text: str) -> str:
    return " ".join(str(text).replace("|", "\\|").split())
