"""What learned variety is worth beside its controls."""
