"""The only SQL and Redis of stock: `ledger` decides, `gate` keeps losers away from it."""
