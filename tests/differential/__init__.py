"""The differential run, which compares goctl's verdicts on mutated contracts with ours."""
