"""Jobs, shards, and the promise that one write is whole or absent."""
