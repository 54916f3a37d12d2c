"""What an output costs, measured, and runs on many machines simulated with that.

    python -m benchmarks.scale measure     writes costs.json, beside this file
    python -m benchmarks.scale simulate    reads it; writes its section of docs/scale.md

`cases` and `overheads` measure, `costs` holds what they found and makes a run's `Work` of it,
`cluster` says what it runs on, `simulation` runs it, `page` puts it into words.
"""
