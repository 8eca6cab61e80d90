"""The service's interface as a page, from its OpenAPI description."""

from typing import Any

LIMITS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "maxItems", "enum")


def page(api: dict[str, Any]) -> str:
    """Markdown: each operation, the fields of its body, and its responses."""
    info = api["info"]
    parts = [f"# API\n\n{info['title']}, version {info['version']}: [OpenAPI](openapi.json)."]
    for path, operations in api["paths"].items():
        for method, operation in operations.items():
            parts.append(f"## {method.upper()} {path}\n\n{operation.get('description', '')}")
            content = operation.get("requestBody", {}).get("content", {})
            parts.append(fields(content.get("application/json", {}).get("schema", {}), api))
            statuses = operation["responses"].items()
            rows = [f"| {status} | {one['description']} |" for status, one in statuses]
            parts.append("\n".join(["| status | response |", "|---|---|", *rows]))
    return "\n\n".join(parts)


def fields(schema: dict[str, Any], api: dict[str, Any]) -> str:
    """A table of the fields of an object; of a list, those of its rows."""
    found = resolve(schema.get("oneOf", [schema])[0], api)
    found = resolve(found.get("items", found), api)
    required, rows = found.get("required", []), ["| field | type | required |", "|---|---|---|"]
    for name, field in found.get("properties", {}).items():
        rows.append(f"| `{name}` | {kind(resolve(field, api))} | {'yes' * (name in required)} |")
    return "\n".join(rows) if "properties" in found else ""


def kind(field: dict[str, Any]) -> str:
    """The type of a field and its limits."""
    types = [one.get("type", "object") for one in field.get("anyOf", [field])]
    limits = [f"{name} {field[name]}" for name in LIMITS if name in field]
    return ", ".join([" or ".join(types), *limits]).replace("|", "\\|")


def resolve(found: dict[str, Any], api: dict[str, Any]) -> dict[str, Any]:
    """The schema that a `$ref` names; any other as it is."""
    for part in found.get("$ref", "").split("/")[1:]:
        api = api[part]
    return api if "$ref" in found else found
