"""Vector stores: each file of this folder that is named `..._store` declares one."""
