"""On AWS, the transform for language extensions puts the values of parameters into the template. In
MiniStack it does not, and SAM would publish no version for a changed parameter."""

import re

from ministack.services.cloudformation import language_extensions


def with_values(part, values):
    """A part of a template with values in the place of the parameters that it refers to."""
    if isinstance(part, list):
        return [with_values(one, values) for one in part]
    if not isinstance(part, dict):
        return part
    if set(part) == {"Ref"}:
        return values.get(part["Ref"], part)
    if set(part) == {"Fn::Sub"} and isinstance(part["Fn::Sub"], str):
        named = re.compile(r"\$\{([A-Za-z0-9]+)\}")
        text = named.sub(lambda found: str(values.get(found[1], found[0])), part["Fn::Sub"])
        return {"Fn::Sub": text}
    return {name: with_values(one, values) for name, one in part.items()}


def mend():
    apply = language_extensions.apply

    def applied(template, parameters):
        processed = apply(template, parameters)
        declared = processed.get("Parameters", {})
        values = {name: parameters[name] for name in declared if name in parameters}
        for section in ("Globals", "Resources"):
            if section in processed:
                processed[section] = with_values(processed[section], values)
        return processed

    language_extensions.apply = applied
