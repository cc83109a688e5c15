"""Programs as deciders: they call tools as functions, and every call passes the gate."""
