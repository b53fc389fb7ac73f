"""One package per output: emit(contract, options) → files, pure."""
