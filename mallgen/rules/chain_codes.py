"""The codes of the rules of `mallgen check` about columns and the fields that carry them.

Comments in contracts and files of tables name them; the linters of these know them without loading the rules.
"""

CHAIN_CODES = (
    *("decimal-as-float", "flag-as-number", "number-too-narrow", "optional-not-null", "secret-answered"),
    "text-unbounded",
)
