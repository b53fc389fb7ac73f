"""The differential run: goctl's verdicts on mutated contracts against ours."""
