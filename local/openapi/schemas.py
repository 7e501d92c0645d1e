"""Turn types into the description's components, all of them under one roof."""

from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter

type Json = dict[str, Any]

_REF = "#/components/schemas/{model}"


class Schemas:
    """Collects types by a key each; `build` describes all at once, so that names do not clash."""

    def __init__(self) -> None:
        self._wanted: dict[str, TypeAdapter[Any]] = {}
        self._schemas: dict[str, Json] = {}
        self.components: Json = {}

    def want(self, key: str, kind: Any) -> None:
        """Have a type described."""
        self._wanted[key] = TypeAdapter(kind)

    def want_field(self, key: str, info: Any) -> None:
        """Have one of Powertools' parameters described."""
        self.want(key, Annotated[info.annotation, info])

    def build(self) -> None:
        """Describe everything that was wanted."""
        inputs: Any = [(key, "validation", kind) for key, kind in self._wanted.items()]
        found, shared = TypeAdapter.json_schemas(inputs, ref_template=_REF)
        self._schemas = {key: tidy(schema) for (key, _), schema in found.items()}
        self.components = {name: tidy(kind) for name, kind in shared.get("$defs", {}).items()}

    def of(self, key: str) -> Json:
        """Return a type's schema, or a reference to it."""
        return self._schemas[key]

    def resolved(self, schema: Json) -> Json:
        """Follow a reference; what stands beside it wins."""
        while "$ref" in schema:
            own = {name: value for name, value in schema.items() if name != "$ref"}
            schema = self.components[schema["$ref"].rpartition("/")[2]] | own
        return schema


def is_model(kind: Any) -> bool:
    """Return whether a parameter stands for several, a model's fields."""
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def tidy(schema: Any) -> Any:
    """Leave out the titles that pydantic makes of names, and say `null` defaults by silence."""
    if isinstance(schema, list):
        return [tidy(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {}
    for name, value in schema.items():
        if name == "properties":
            kept[name] = {field: tidy(part) for field, part in value.items()}
        elif name in ("examples", "enum", "const", "default"):
            if not (name == "default" and value is None):
                kept[name] = value
        elif not (name == "title" and isinstance(value, str)):
            kept[name] = tidy(value)
    return kept


def example(schemas: Schemas, schema: Json, *, request: bool) -> Any:
    """Put an example together from those of the fields.

    A request has what is required and what has an example of its own; a reply has everything.
    """
    schema = schemas.resolved(schema)
    for given in ("examples", "enum"):
        if schema.get(given):
            return schema[given][0]
    for given in ("example", "const", "default"):
        if given in schema:
            return schema[given]
    if "anyOf" in schema:
        return _of_several(schemas, schema["anyOf"], request=request)
    match schema.get("type"):
        case "object":
            return _object(schemas, schema, request=request)
        case "array":
            return [example(schemas, schema.get("items", {}), request=request)]
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "string":
            return "text"
    return None


def _of_several(schemas: Schemas, choices: list[Json], *, request: bool) -> Any:
    has_null = any(choice.get("type") == "null" for choice in choices)
    refs = [choice for choice in choices if "$ref" in choice]
    # A thing is more telling than its absence; a plain value would be made up.
    return (
        None if has_null and not refs else example(schemas, (refs or choices)[0], request=request)
    )


def _object(schemas: Schemas, schema: Json, *, request: bool) -> Json:
    required = set(schema.get("required", ()))
    found = {}
    for name, part in schema.get("properties", {}).items():
        shown = name in required or bool(schemas.resolved(part).get("examples"))
        if shown or not (request or name not in required):
            found[name] = example(schemas, part, request=request)
    return found
