"""The rules by which an answer of CAP and one of our sandbox are held against each other."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from sources.s4hana.sandbox.model import SERVICES

Json = dict[str, object]
NO_GUID = "00000000-0000-0000-0000-000000000000"
INITIAL = {"", "0", "0.000", "0.00", "0.00000", "0.000000000", False, "PT00H00M00S", NO_GUID}
MODEL = {entity.name: entity for service in SERVICES for entity in service.sets}


def alike(ours: object, theirs: object) -> bool:
    """Whether both answers are the same once every rule has been applied to CAP's."""
    assert reduced(theirs) == reduced(ours)
    return True


def reduced(answer: object) -> object:
    if isinstance(answer, list):
        return [reduced(one) for one in answer]
    if not isinstance(answer, dict):
        return answer
    for rule in RULES:
        answer = rule(answer)
    return {name: reduced(value) for name, value in answer.items()}


def rule_type_names_end_in_type(entity: Json) -> Json:
    """CAP leaves out "Type" at the end of type names."""
    metadata = entity.get("__metadata")
    if not isinstance(metadata, dict):
        return entity
    return {**entity, "__metadata": {**metadata, "type": str(metadata["type"]).removesuffix("Type")}}


def rule_metadata_has_an_id(entity: Json) -> Json:
    """CAP writes no id, which repeats the uri."""
    metadata = entity.get("__metadata")
    if not isinstance(metadata, dict):
        return entity
    return {**entity, "__metadata": {name: value for name, value in metadata.items() if name != "id"}}


def rule_addresses_name_the_host_asked(entity: Json) -> Json:
    """The two servers listen on two ports."""
    return {name: urlsplit(str(value)).path if name == "uri" else value for name, value in entity.items()}


def rule_etags_are_written_differently(entity: Json) -> Json:
    """CAP's entity tag is ISO text, the real system's a quoted literal; both must be there, and weak."""
    tag = entity.get("etag")
    if not isinstance(tag, str):
        return entity
    assert tag.startswith('W/"')
    return {**entity, "etag": "W/"}


def rule_initial_values_are_not_null(entity: Json) -> Json:
    """CAP gives null for what nobody filled, the real system "", "0", 0.000 or false."""
    return {name: None if _is_initial(value) else value for name, value in entity.items()}


def rule_we_publish_a_part_of_the_model(entity: Json) -> Json:
    """Our model leaves out some published properties and navigations."""
    metadata = entity.get("__metadata")
    if not isinstance(metadata, dict):
        return entity
    known = MODEL[str(metadata["type"]).partition(".")[2].removesuffix("Type")]
    return {
        name: value
        for name, value in entity.items()
        if name == "__metadata" or name in known.by_name or name in known.ways
    }


RULES: list[Callable[[Json], Json]] = [
    rule_type_names_end_in_type,
    rule_metadata_has_an_id,
    rule_addresses_name_the_host_asked,
    rule_etags_are_written_differently,
    rule_initial_values_are_not_null,
    rule_we_publish_a_part_of_the_model,
]


def _is_initial(value: object) -> bool:
    return isinstance(value, str | bool) and value in INITIAL
