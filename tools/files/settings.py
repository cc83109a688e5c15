"""What `[tools.files]` of surefoot.toml may say."""

from typing import Final

from pydantic import Field

from tools.contract import Record

SECRETS: Final[tuple[str, ...]] = (
    ".env*",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.jks",
    "*.keystore",
    "*.kdbx",
    "*.ppk",
    "id_rsa*",
    "id_dsa*",
    "id_ecdsa*",
    "id_ed25519*",
    ".ssh",
    ".gnupg",
    ".aws",
    ".azure",
    ".kube",
    ".docker",
    ".netrc",
    "_netrc",
    ".pgpass",
    ".my.cnf",
    ".npmrc",
    ".pypirc",
    ".htpasswd",
    ".git-credentials",
    ".vault-token",
    "credentials",
    "credentials.json",
    "credentials.ini",
    "credentials.*ml",
    "client_secret*.json",
    "service-account*.json",
    "secrets.json",
    "secrets.ini",
    "secrets.*ml",
    "*.tfstate",
    "*.tfstate.*",
    "*_history",
    ".git",
    "surefoot.db*",
)
"""Names that are neither read nor written unless `allow` says so: keys, tokens, version control's
own files, Surefoot's store."""
PROTECTED: Final[tuple[str, ...]] = ("surefoot.toml",)
"""Names that are read, but never written."""


class FilesSettings(Record):
    """`[tools.files]`: which folder the file tools work in, and what they leave alone."""

    root: str = Field(min_length=1)
    """The workspace folder."""
    read_only: bool = False
    """Whether there are only the tools that read."""
    max_file_bytes: int = Field(default=8 * 1024 * 1024, ge=1, le=256 * 1024 * 1024)
    """A larger file is not read, searched or edited."""
    max_undo_bytes: int = Field(default=64 * 1024 * 1024, ge=1, le=1024 * 1024 * 1024)
    """A larger file is not replaced or deleted, because it could not be brought back."""
    max_files: int = Field(default=20_000, ge=1, le=1_000_000)
    """How many names a listing or a search looks at."""
    deny: tuple[str, ...] = ()
    """More patterns of names that are neither read nor written."""
    protected: tuple[str, ...] = ()
    """More patterns of names that are read, but never written."""
    allow: tuple[str, ...] = ()
    """Patterns of names that are no secrets after all, e.g. `.env.example`."""
