"""How much a program in a sandbox may use."""

from dataclasses import dataclass, fields

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What ends a program, or makes what it asks for fail; all of them hold at once."""

    seconds: float = 60.0
    """By the clock on the wall; then everything is ended."""
    cpu_seconds: float = 120.0
    """Of all its processes together."""
    memory_bytes: int = 2048 * MEBIBYTE
    """Of each process, for what it writes to, and of all together."""
    processes: int = 64
    """Processes and threads at once."""
    open_files: int = 256
    """Of each process."""
    disk_bytes: int = 512 * MEBIBYTE
    """That it adds, in its folder and the temporary ones together."""
    disk_files: int = 20_000
    """Files and folders that it adds."""
    output_bytes: int = 64 * MEBIBYTE
    """That it prints; more ends it."""
    kept_bytes: int = 32_768
    """Of each stream: one half from its beginning, the other from its end."""

    def __post_init__(self) -> None:
        wrong = [field.name for field in fields(self) if getattr(self, field.name) <= 0]
        if wrong:
            raise ValueError(f"{', '.join(wrong)} must be more than 0")
