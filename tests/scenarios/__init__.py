"""How agents fail in production: first without guards, then with Surefoot."""
