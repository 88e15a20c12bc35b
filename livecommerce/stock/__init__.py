"""Stock: pools of units and holds on them. The gate (Redis) says who may try, the ledger (PostgreSQL) decides."""
