from tests.behaviour.conftest import clock, folder, store

__all__ = ["clock", "folder", "store"]
