from tests.behaviour.conftest import folder, store

__all__ = ["folder", "store"]
