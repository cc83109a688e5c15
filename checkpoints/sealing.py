"""Seals what LangGraph keeps: checkpoints, channels, pending writes and metadata.

LangGraph's serializer does not know where its bytes will lie, so it takes values together with
their places, and leaves sealed ones closed for the saver, who knows where they came from. The name
of the cipher is appended to the type, as LangGraph's own `EncryptedSerializer` does.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_checkpoint_metadata,
)
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from checkpoints.vault import Vault

CIPHER: Final = "+surefoot"
"""What is appended to the type of a sealed value."""

REST: Final = "surefoot.sealed"
"""The entry of sealed metadata that holds what nobody looks checkpoints up by."""

LOOKED_UP: Final = frozenset(
    {"source", "step", "parents", "run_id", "counters_since_delta_snapshot"}
)
"""Entries of metadata that stay readable: LangGraph, or our own cut, looks for them."""

Place = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """A value on its way to a place."""

    value: Any
    place: Place


class PlacedCheckpoint(dict[str, Any]):
    """A checkpoint on its way to a table that keeps it whole."""

    def __init__(self, checkpoint: Checkpoint, place: Place) -> None:
        super().__init__(checkpoint)
        self.place = place
        self.value = checkpoint


@dataclass(frozen=True, slots=True)
class Closed:
    """A value as it was found, still sealed."""

    type: str
    data: bytes


class SealingSerializer(JsonPlusSerializer):
    """Serializes plain values and LangGraph's own types, and revives nothing else.

    Args:
        vault: What seals.
    """

    def __init__(self, vault: Vault) -> None:
        super().__init__(allowed_msgpack_modules=None)
        self.vault = vault

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:  # noqa: ANN401  # LangGraph's own signature
        """Serialize a value; what has a place is sealed for it when the store is sealed."""
        if not isinstance(obj, Placed | PlacedCheckpoint):
            return super().dumps_typed(obj)
        kind, data = super().dumps_typed(obj.value)
        if not self.vault.seals:
            return kind, data
        return kind + CIPHER, self.vault.seal_bytes(data, *obj.place)

    def loads_typed(self, data: tuple[str, bytes]) -> Any:  # noqa: ANN401  # LangGraph's own signature
        """Return a value, or what was found when it is sealed."""
        return Closed(*data) if data[0].endswith(CIPHER) else super().loads_typed(data)

    def opened(self, found: Any, *place: str) -> Any:  # noqa: ANN401  # any value
        """Return the value of what was found in a place.

        Raises:
            StoreFault: It was not put there by a store with the key.
        """
        if not isinstance(found, Closed):
            self.vault.check_plain(place)
            return found
        kind = found.type.removesuffix(CIPHER)
        return super().loads_typed((kind, self.vault.open_bytes(found.data, *place)))


def place_of(config: RunnableConfig) -> Place:
    """Return thread, namespace and checkpoint of a config."""
    of = config["configurable"]
    return str(of["thread_id"]), of.get("checkpoint_ns", ""), str(of.get("checkpoint_id", ""))


def cover(
    vault: Vault, config: RunnableConfig, metadata: CheckpointMetadata, checkpoint_id: str
) -> tuple[RunnableConfig, CheckpointMetadata]:
    """Return what LangGraph is to keep of a config and of metadata: the rest is sealed."""
    thread, namespace, parent = place_of(config)
    full = cast("dict[str, Any]", get_checkpoint_metadata(config, metadata))
    full.pop("writes", None)
    kept = covered(vault, full, (thread, namespace, checkpoint_id))
    bare: dict[str, Any] = {"thread_id": thread, "checkpoint_ns": namespace}
    if parent:
        bare["checkpoint_id"] = parent
    return {"configurable": bare}, cast("CheckpointMetadata", kept)


def covered(vault: Vault, metadata: dict[str, Any], where: Place) -> dict[str, Any]:
    """Return metadata as it is kept: sealed but for what is looked up, where the store is."""
    if not vault.seals:
        return metadata
    rest = {name: value for name, value in metadata.items() if name not in LOOKED_UP}
    kept = {name: value for name, value in metadata.items() if name in LOOKED_UP}
    return kept | {REST: vault.seal(json.dumps(rest), "metadata", *where)}


def uncovered(vault: Vault, kept: dict[str, Any], where: Place) -> dict[str, Any]:
    """Return metadata with the rest of it opened.

    Raises:
        StoreFault: It was not put there by a store with the key.
    """
    if REST not in kept:
        vault.check_plain(("metadata", *where))
        return kept
    rest: dict[str, Any] = json.loads(vault.open(kept[REST], "metadata", *where))
    return {name: value for name, value in kept.items() if name != REST} | rest


def matches(found: CheckpointTuple, wanted: Mapping[str, Any]) -> bool:
    """Tell whether the metadata of an opened checkpoint has all that is wanted of it."""
    metadata = cast("dict[str, Any]", found.metadata)
    return all(metadata.get(name) == value for name, value in wanted.items())
